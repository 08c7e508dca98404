import type { Random } from './random.js';

const hurtful: readonly string[] = [
  'back`tick',
  'quo"te',
  "apo'strophe",
  'semi;colon -- x',
  'new\nline',
  'ümläut',
  '患者',
  'select',
  'group',
  'order by',
  '1leading',
  '0',
  '1e5',
  'trailing\\',
  'slash/name',
  '..dot',
  'CON',
  'sp ace',
  '?mark :named %s $1',
  '*/ comment /*!50000 x',
  '#hash',
  // With another # behind it, MySQL 5.6 waits for ever at the end of a database with foreign keys.
  '#mysql50',
  '$dollar',
  'per%cent_',
  '-- dash',
  'CamelCase',
  'ALLCAPS',
  'values',
  'table',
  'key',
  'primary',
  'null',
  'ŝtrañgé ñame',
  'Ωmega',
  'n'.repeat(64),
  'tab\there',
  '@var',
  'a.b',
  'x=y',
  '(paren)',
  'row_start',
  'database',
  'DEFAULT',
  'generated',
];

// A byte a character, for statements of clients with such a character set.
const inBytes = hurtful.filter((name) => [...name].every((character) => character.codePointAt(0)! < 128));

/** Names of a database's things: no two alike, whatever their case. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #random: Random;
  readonly #hurt: number;
  #count = 0;

  /** @param hurt how many of the names hurt */
  constructor(random: Random, hurt: number, taken: readonly string[] = []) {
    this.#random = random;
    this.#hurt = hurt;
    for (const name of taken) this.#taken.add(name.toLowerCase());
  }

  next(prefix: string, ascii = false): string {
    const random = this.#random;
    for (;;) {
      this.#count += 1;
      const plain = `${prefix}${this.#count}`;
      const name = random.chance(this.#hurt) ? random.pick(ascii ? inBytes : hurtful) : plain;
      if (this.#taken.has(name.toLowerCase())) continue;
      this.#taken.add(name.toLowerCase());
      return name;
    }
  }
}

export function databaseName(random: Random, seed: number): string {
  const plain = `fz_${seed}`;
  return random.chance(0.25) ? `${plain} ${random.pick(hurtful).slice(0, 20).trimEnd()}.` : plain;
}

const texts: readonly string[] = [
  '',
  'a',
  'A ',
  '  ',
  "it's",
  'say "hi"',
  'back\\slash\\',
  '\\N',
  'NULL',
  '\t',
  'line\nbreak\r\n',
  '\0nul\0',
  '\u001a',
  'é',
  'ß',
  'Å',
  '患者',
  '日本語テキスト',
  '🦷😀',
  'e\u0301',
  '\ufeffbom',
  '\u2028',
  '0',
  '-1',
  '1e3',
  '0x41',
  '%_',
  '<b>&amp;</b>',
  ',;|',
  'привет',
  'שלום',
  'ﬃ',
  '€',
  '‰',
];

/** A text, short or with much of one kind. */
export function someText(random: Random): string {
  if (random.chance(0.1)) return random.pick(texts).repeat(random.between(2, 40));
  if (random.chance(0.2)) return `${random.pick(texts)}${random.int(1000)}${random.pick(texts)}`;
  return random.pick(texts);
}

/** A text of a byte a character, none of which ends a literal. */
export function byteText(random: Random): string {
  return random.pick(['abc', 'caf\u00e9', '\u00e4\u00f6\u00fc', '\u0080x', 'x\u00ff', 'a b', '100%']);
}
