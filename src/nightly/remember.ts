/**
 * A pure function that remembers its last results, for what is expensive and asked often.
 *
 * @param most - how many answers are kept; all go when there are more
 */
export function remember<Result>(
  answer: (question: string) => Result,
  most: number,
): (question: string) => Result {
  const known = new Map<string, Result>();
  return (question) => {
    const found = known.get(question);
    if (found !== undefined) return found;
    const result = answer(question);
    if (known.size >= most) known.clear();
    known.set(question, result);
    return result;
  };
}
