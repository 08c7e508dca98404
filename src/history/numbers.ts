/** Sets of numbers as people write them: `1,31,60-66`. */

/** More than any sequence has at one place. */
const most = 4000;

/** @param numbers - in order, each once */
export function formatNumbers(numbers: readonly number[]): string {
  const runs: string[] = [];
  for (let i = 0; i < numbers.length; ) {
    let end = i;
    while (numbers[end + 1] === numbers[end]! + 1) end += 1;
    runs.push(end === i ? String(numbers[i]) : `${numbers[i]}-${numbers[end]}`);
    i = end + 1;
  }
  return runs.join(',');
}

/** In order, each once. Null when it is malformed, out of order or too long. */
export function parseNumbers(text: string): readonly number[] | null {
  const numbers: number[] = [];
  for (const run of text.split(',')) {
    const found = /^([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?$/.exec(run);
    if (found === null) return null;
    const first = Number(found[1]);
    const last = Number(found[2] ?? found[1]);
    if (first <= (numbers.at(-1) ?? 0) || last < first || numbers.length + last - first >= most) return null;
    for (let number = first; number <= last; number += 1) numbers.push(number);
  }
  return numbers;
}
