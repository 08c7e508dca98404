/**
 * Deterministic row makers: every value is an SQL expression over a row number and a table of random numbers,
 * so that the server fills millions of rows by itself, and MySQL and MariaDB fill them alike.
 */

/** An SQL expression, or one that is written with the help of the row's own numbers. */
export type Expression = string | ((row: Row) => string);

/** How many columns of random numbers the helper table has. */
export const randomColumns = 16;

/** What an expression may use of its row. */
export interface Row {
  /** The row's number, from 1; the key of most tables. */
  readonly n: string;
  /** A fresh random number of 32 bits; every call is another one. */
  random(): string;
  /** A fresh random number from 0 to `count - 1`. */
  below(count: number | string): string;
  /** Like {@link Row.below}, but small numbers are much more frequent. */
  skewed(count: number): string;
  /** One of the texts. */
  pick(texts: readonly string[]): string;
  /** The first expression in so many of a hundred rows, else the second. */
  chance(percent: number, yes: string, no: string): string;
}

/** A row of one chunk of one table: same seed, table and chunk give the same expressions. */
export function rowOf(seed: number, table: string, offset: number): Row {
  let slot = 0;
  let salt = mix(seed ^ hashText(table), offset);
  const row: Row = {
    n: `(m.n + ${offset})`,
    random() {
      const a = slot % randomColumns;
      // Pairs of columns: more independent numbers than there are columns.
      const b = (a + 1 + (Math.floor(slot / randomColumns) % (randomColumns - 1))) % randomColumns;
      slot += 1;
      salt = mix(salt, slot);
      return `(m.r${a} ^ m.r${b} ^ ${salt})`;
    },
    below: (count) => `(${row.random()} % ${count})`,
    skewed: (count) => `((${row.random()} & 65535) * (${row.random()} & 65535) * ${count} >> 32)`,
    pick: (texts) => `ELT(1 + ${row.below(texts.length)}, ${texts.map(quote).join(', ')})`,
    chance: (percent, yes, no) => `IF(${row.below(100)} < ${percent}, ${yes}, ${no})`,
  };
  return row;
}

/**
 * A number from 0 to `count - 1` that depends on an integer expression alone: the same in every table that
 * asks.
 */
export function spread(expression: string, count: number, salt = 0): string {
  const factor = (mix(salt, 77) >>> 4) | 1;
  return `(CRC32((${expression}) * ${factor} + ${mix(salt, 78)}) * ${count} >> 32)`;
}

/** One of the texts, chosen by {@link spread}. */
export function spreadPick(expression: string, texts: readonly string[], salt = 0): string {
  return `ELT(1 + ${spread(expression, texts.length, salt)}, ${texts.map(quote).join(', ')})`;
}

/** A text literal. The builder's texts hold no backslash. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** 32-bit mixing of two numbers. */
export function mix(a: number, b: number): number {
  let x = Math.imul(a ^ Math.imul(b + 0x9e3779b9, 0x85ebca6b), 0xc2b2ae35);
  x ^= x >>> 15;
  x = Math.imul(x, 0x27d4eb2f);
  x ^= x >>> 13;
  return x >>> 0;
}

export function hashText(text: string): number {
  let hash = 2166136261;
  for (let index = 0; index < text.length; index += 1) hash = mix(hash, text.charCodeAt(index));
  return hash;
}
