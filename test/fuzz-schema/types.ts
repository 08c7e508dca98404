import { type Ground, hexText } from './model.js';
import { someText } from './names.js';
import type { Random } from './random.js';
import { bit, geometry, json, special, year } from './special-types.js';

export type Family =
  | 'binary'
  | 'bit'
  | 'date'
  | 'decimal'
  | 'enum'
  | 'float'
  | 'geometry'
  | 'int'
  | 'json'
  | 'set'
  | 'special'
  | 'text'
  | 'time'
  | 'timestamp'
  | 'year';

/** A type of a column, its values and its defaults. */
export interface ColumnType {
  readonly sql: string;
  readonly family: Family;
  /** Values of this type, NULL not among them. */
  readonly value: () => string;
  /** Constant defaults of it; none for types that take none. */
  readonly constant: (() => string) | undefined;
  /** Whether a key needs a length, and whether there can be one. */
  readonly key: 'none' | 'plain' | 'prefix';
  readonly characterSet?: string;
}

const characterSets: readonly string[] =
  'utf8mb4 utf8mb4 utf8mb4 utf8 utf8 latin1 latin1 latin1 ucs2 utf16 utf16le utf32 gbk sjis big5 cp932 eucjpms ujis euckr gb2312 cp1251 cp1250 cp1256 cp1257 cp850 cp852 cp866 koi8r koi8u ascii hp8 swe7 latin2 latin5 latin7 tis620 greek hebrew armscii8 geostd8 macce macroman keybcs2 dec8 binary'.split(
    ' ',
  );

const collations: Readonly<Record<string, readonly string[]>> = {
  utf8mb4: [
    'utf8mb4_bin',
    'utf8mb4_unicode_ci',
    'utf8mb4_general_ci',
    'utf8mb4_spanish2_ci',
    'utf8mb4_turkish_ci',
  ],
  utf8: ['utf8_bin', 'utf8_unicode_ci', 'utf8_general_ci', 'utf8_general_mysql500_ci', 'utf8_czech_ci'],
  latin1: ['latin1_bin', 'latin1_german2_ci', 'latin1_swedish_ci', 'latin1_general_cs', 'latin1_spanish_ci'],
  cp1251: ['cp1251_bin', 'cp1251_ukrainian_ci', 'cp1251_general_cs'],
  ucs2: ['ucs2_bin', 'ucs2_unicode_ci'],
};

/** ` CHARACTER SET … COLLATE …`, or nothing. */
export function someCharacterSet(
  random: Random,
  ground: Ground,
  always = false,
): { sql: string; name?: string } {
  if (!always && random.chance(0.4)) return { sql: '' };
  const name = random.pick(characterSets);
  const own: readonly string[] = ground.mariadb
    ? name === 'utf8mb4'
      ? [
          'utf8mb4_nopad_bin',
          'utf8mb4_unicode_nopad_ci',
          ...(ground.version >= 101001 ? ['utf8mb4_uca1400_ai_ci'] : []),
        ]
      : []
    : name === 'utf8mb4' && ground.version >= 80000
      ? ['utf8mb4_0900_ai_ci', 'utf8mb4_0900_bin', 'utf8mb4_ja_0900_as_cs']
      : [];
  const known = [...(collations[name] ?? []), ...own];
  const collation = known.length > 0 && random.chance(0.4) ? ` COLLATE ${random.pick(known)}` : '';
  return { sql: ` CHARACTER SET ${name}${collation}`, name };
}

const quotedNumber = (text: string): string => `'${text}'`;

function integer(random: Random): ColumnType {
  const bits = { TINYINT: 8, SMALLINT: 16, MEDIUMINT: 24, INT: 32, BIGINT: 64 };
  const name = random.pick(Object.keys(bits) as (keyof typeof bits)[]);
  const unsigned = random.chance(0.4);
  const width = BigInt(bits[name]);
  const [low, high] = unsigned
    ? [0n, (1n << width) - 1n]
    : [-(1n << (width - 1n)), (1n << (width - 1n)) - 1n];
  const zerofill = unsigned && random.chance(0.2) ? ' ZEROFILL' : '';
  const display = random.chance(0.2) ? `(${random.between(1, 20)})` : '';
  const value = (): string => String(random.pick([low, high, 0n, 1n, high - 1n, BigInt(random.int(100))]));
  return {
    sql: `${name}${display}${unsigned ? ' UNSIGNED' : ''}${zerofill}`,
    family: 'int',
    value,
    constant: value,
    key: 'plain',
  };
}

function decimal(random: Random): ColumnType {
  const digits = random.pick([1, 5, 10, 30, 65]);
  const scale = random.int(Math.min(digits, 30) + 1);
  const whole = '9'.repeat(digits - scale);
  const value = (): string =>
    quotedNumber(
      random.pick([`${whole || '0'}${scale > 0 ? `.${'9'.repeat(scale)}` : ''}`, '0', '-0.5', '1', '0.1']),
    );
  return { sql: `DECIMAL(${digits},${scale})`, family: 'decimal', value, constant: value, key: 'plain' };
}

function float(random: Random): ColumnType {
  const double = random.chance(0.5);
  const scaled = random.chance(0.25);
  const edges = double
    ? [
        '1.7976931348623157e308',
        '-1.7976931348623157e308',
        '5e-324',
        '0.30000000000000004',
        '9007199254740993',
      ]
    : ['3.4028234e38', '1.1754944e-38', '16777217', '0.1', '1e-45'];
  const value = (): string => random.pick([...edges, '0', '-1.5', '1e10', '123456.789', '-0e0']);
  return {
    sql: `${double ? 'DOUBLE' : 'FLOAT'}${scaled ? (double ? '(20,5)' : '(9,2)') : ''}${random.chance(0.15) ? ' UNSIGNED' : ''}`,
    family: 'float',
    value,
    constant: () => random.pick(['0', '1.5', '0.1', '-3']),
    key: 'plain',
  };
}

function text(random: Random, ground: Ground): ColumnType {
  const set = someCharacterSet(random, ground);
  const shape = random.int(10);
  const long = shape < 3;
  const name = long
    ? random.pick(['TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT'])
    : shape < 5
      ? `CHAR(${random.pick([0, 1, 5, 30])})`
      : `VARCHAR(${random.pick([0, 1, 10, 60, 255, 300])})`;
  // A byte a character: any bytes are text there.
  const anyBytes =
    set.name !== undefined && /^(latin|cp\d|koi8|hp8|dec8|mac|arm|geo|key|gre|heb|bin)/.test(set.name);
  const value = (): string => {
    if (anyBytes && random.chance(0.3)) return `x'${random.bytes(random.between(1, 12)).toString('hex')}'`;
    if (long && random.chance(0.05))
      return `REPEAT(${hexText(someText(random))}, ${random.between(500, 30_000)})`;
    return hexText(someText(random));
  };
  return {
    sql: `${name}${set.sql}`,
    family: 'text',
    value,
    constant: long ? undefined : () => someDefault(random),
    key: long ? 'prefix' : name.endsWith('(0)') ? 'none' : 'plain',
    ...(set.name === undefined ? {} : { characterSet: set.name }),
  };
}

function someDefault(random: Random): string {
  return random.pick([
    "''",
    "'x'",
    "'it''s'",
    "'a\\\\b'",
    "'é'",
    "'患'",
    "'NULL'",
    "'current_timestamp()'",
    "' '",
    "'%s'",
    "'`'",
    "'\"'",
    "'line\\nbreak'",
    "_latin1 x'E9'",
    "x'41'",
    '0',
  ]);
}

function binary(random: Random): ColumnType {
  const shape = random.int(8);
  const long = shape < 4;
  const name = long
    ? random.pick(['TINYBLOB', 'BLOB', 'MEDIUMBLOB', 'LONGBLOB'])
    : shape < 6
      ? `BINARY(${random.pick([1, 4, 16])})`
      : `VARBINARY(${random.pick([1, 20, 300])})`;
  const value = (): string => {
    if (long && random.chance(0.05))
      return `REPEAT(x'${random.bytes(3).toString('hex')}', ${random.between(1000, 90_000)})`;
    return `x'${random.pick([Buffer.alloc(0), random.bytes(1), random.bytes(9), Buffer.from("\\N\0'\n\t\u001a")]).toString('hex')}'`;
  };
  return {
    sql: name,
    family: 'binary',
    value,
    constant: long
      ? undefined
      : () => random.pick(["''", "x'FF'", "x'FFFE27'", "'a'", "x'00'", "x'5C'", '0x27', "'é'"]),
    key: long ? 'prefix' : 'plain',
  };
}

function moment(random: Random): ColumnType {
  const digits = random.pick([0, 0, 0, 3, 6]);
  const precision = digits > 0 ? `(${digits})` : '';
  const fraction = digits > 0 ? random.pick(['.999999', '.5', '']) : '';
  if (random.chance(0.25)) {
    const dates = [
      '0000-00-00',
      '0001-01-01',
      '9999-12-31',
      '2024-02-29',
      '2024-00-00',
      '1999-12-00',
      '1582-10-10',
    ];
    const value = (): string => quotedNumber(random.pick(dates));
    return { sql: 'DATE', family: 'date', value, constant: value, key: 'plain' };
  }
  if (random.chance(0.3)) {
    const times = ['838:59:59', '-838:59:59', '00:00:00', '12:34:56', '-00:00:01'];
    const value = (): string => quotedNumber(`${random.pick(times)}${fraction}`);
    return { sql: `TIME${precision}`, family: 'time', value, constant: value, key: 'plain' };
  }
  if (random.chance(0.5)) {
    const value = (): string =>
      quotedNumber(
        random.pick([
          '0000-00-00 00:00:00',
          '0001-01-01 00:00:00',
          `9999-12-31 23:59:59`,
          `2024-06-15 12:34:56${fraction}`,
        ]),
      );
    return { sql: `DATETIME${precision}`, family: 'date', value, constant: value, key: 'plain' };
  }
  const value = (): string =>
    quotedNumber(
      random.pick([
        '0000-00-00 00:00:00',
        '1970-01-02 00:00:01',
        '2038-01-18 03:14:07',
        `2024-11-03 01:30:00${fraction}`,
        '2024-07-01 00:00:00',
      ]),
    );
  return { sql: `TIMESTAMP${precision}`, family: 'timestamp', value, constant: value, key: 'plain' };
}

function members(random: Random, ground: Ground): ColumnType {
  const set = someCharacterSet(random, ground);
  const kind = random.pick(['enum', 'set'] as const);
  const forms = [
    "'a'",
    "'B'",
    "'it''s'",
    "'é'",
    "'x y'",
    "'1'",
    "'0'",
    "'患'",
    "'q\"'",
    "'b\\\\s'",
    "'%'",
    "'😀'",
    "_latin1 x'E8'",
    "''",
  ];
  const chosen = [...new Set(random.some(forms, 0.4))].filter((form) => kind === 'enum' || form !== "''");
  const count = chosen.length || 1;
  const given = chosen.length > 0 ? chosen : ["'only'"];
  const value = (): string => String(kind === 'enum' ? random.int(count + 1) : random.int(2 ** count));
  return {
    sql: `${kind.toUpperCase()}(${given.map((form) => form.replace(/^_latin1 /, '')).join(',')})${set.sql}`,
    family: kind,
    value,
    constant: () => random.pick(given).replace(/^_latin1 /, ''),
    key: 'plain',
  };
}

/** A type, weighted so that each comes up often enough. */
export function someType(random: Random, ground: Ground): ColumnType {
  const roll = random.int(100);
  if (roll < 16) return integer(random);
  if (roll < 22) return decimal(random);
  if (roll < 29) return float(random);
  if (roll < 49) return text(random, ground);
  if (roll < 59) return binary(random);
  if (roll < 77) return moment(random);
  if (roll < 86) return members(random, ground);
  if (roll < 89) return bit(random);
  if (roll < 91) return year(random);
  if (roll < 94) return geometry(random, ground);
  if (roll < 96 && ground.version >= 50708) return json(random);
  return special(random, ground);
}
