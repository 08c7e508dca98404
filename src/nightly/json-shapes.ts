/** What a value of a file in the spool is asked first: files can be damaged, or written by somebody else. */

/** A JSON object, with members of any kind. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A whole number from 0 on that a double holds exactly. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Text of at most so many characters. */
export function isTextUpTo(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most;
}

/** A list of at most so many, each of one kind. */
export function isList(value: unknown, most: number, fits: (value: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= most && value.every((each) => fits(each));
}
