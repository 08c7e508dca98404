import type { Ground } from './model.js';
import { hexText, quoted } from './model.js';
import type { Random } from './random.js';
import { type ColumnType, someType } from './types.js';

/** A column while its table is being thought out. */
export interface Draft {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly definition: string;
  readonly generated: boolean;
  readonly auto: boolean;
}

function timestampRest(random: Random, type: ColumnType): string {
  const now = `CURRENT_TIMESTAMP${/\(\d\)/.exec(type.sql)?.[0] ?? ''}`;
  return random.pick([
    '',
    ' NOT NULL',
    ' NULL',
    ` NULL DEFAULT ${now}`,
    ` NOT NULL DEFAULT ${now}`,
    ` NOT NULL DEFAULT ${now} ON UPDATE ${now}`,
    ` NULL DEFAULT NULL ON UPDATE ${now}`,
    " NOT NULL DEFAULT '0000-00-00 00:00:00'",
    ` NOT NULL DEFAULT '2001-02-03 04:05:06' ON UPDATE ${now}`,
    ' NULL DEFAULT NULL',
  ]);
}

function expressionDefault(random: Random, { family }: ColumnType): string | undefined {
  const text = [
    "(concat('a','b'))",
    "(_latin1 x'E9')",
    "(upper('x'))",
    '(user())',
    "('it''s')",
    "(concat(1,'é'))",
    '(database())',
  ];
  switch (family) {
    case 'int':
    case 'decimal':
      return random.pick(['(1 + 1)', '(length(version()))', '(2 * (3 + 4))', "(ascii('a'))"]);
    case 'text':
      return random.pick(text);
    case 'binary':
      return random.pick(["(x'FF')", "(unhex('00ff'))", "(concat('a', x'00'))"]);
    case 'date':
      return random.pick(["('2020-02-02')", '(curdate())']);
    case 'json':
      return random.pick(["('{}')", '(json_array())', "(json_object('a', 1))"]);
    default:
      return undefined;
  }
}

/** ` NOT NULL DEFAULT …` and the like. */
function attributes(random: Random, ground: Ground, type: ColumnType, nullable: boolean): string {
  if (type.family === 'timestamp') return timestampRest(random, type);
  const parts = [nullable ? random.pick(['', ' NULL']) : ' NOT NULL'];
  const canCompute = ground.mariadb ? ground.version >= 100201 : ground.version >= 80013;
  if (random.chance(0.12) && canCompute) {
    const computed = expressionDefault(random, type);
    if (computed !== undefined) parts.push(` DEFAULT ${computed}`);
  } else if (type.constant !== undefined && random.chance(0.4)) {
    parts.push(` DEFAULT ${nullable && random.chance(0.3) ? 'NULL' : type.constant()}`);
  } else if (type.family === 'date' && type.sql.startsWith('DATETIME') && random.chance(0.3)) {
    const digits = /\(\d\)/.exec(type.sql)?.[0] ?? '';
    parts.push(
      ` DEFAULT CURRENT_TIMESTAMP${digits}${random.chance(0.5) ? ` ON UPDATE CURRENT_TIMESTAMP${digits}` : ''}`,
    );
  }
  return parts.join('');
}

function comment(random: Random): string {
  if (!random.chance(0.15)) return '';
  return ` COMMENT ${random.pick(["'plain'", "'it''s é 患'", "'line\\nbreak'", "'back\\\\slash'", "'; -- */ x'", "'`'"])}`;
}

/** An expression over a column, for generated columns and views. */
export function expressionOver(
  random: Random,
  { name, type }: Pick<Draft, 'name' | 'type'>,
): { sql: string; as: string } {
  const it = quoted(name);
  switch (type.family) {
    case 'int':
    case 'decimal':
      return random.pick([
        { sql: `${it} div 2`, as: 'BIGINT' },
        { sql: `concat(${it}, ' €')`, as: 'VARCHAR(100)' },
        { sql: `${it} is null`, as: 'INT' },
      ]);
    case 'text':
      return random.pick([
        { sql: `left(${it}, 3)`, as: 'VARCHAR(10)' },
        { sql: `concat('é', left(${it}, 2))`, as: 'VARCHAR(20)' },
        { sql: `char_length(${it})`, as: 'INT' },
        { sql: `concat(_latin1 x'E9', left(${it}, 2))`, as: 'VARCHAR(20)' },
        { sql: `if(${it} = 'a', 'yes', 'no')`, as: 'CHAR(3)' },
      ]);
    case 'binary':
      return random.pick([
        { sql: `length(${it})`, as: 'INT' },
        { sql: `md5(${it})`, as: 'CHAR(32)' },
      ]);
    case 'timestamp':
      return random.pick([
        { sql: `hour(${it})`, as: 'INT' },
        { sql: `date(${it})`, as: 'DATE' },
        { sql: `unix_timestamp(${it})`, as: 'DECIMAL(20,6)' },
      ]);
    case 'date':
      return { sql: `year(${it})`, as: 'INT' };
    case 'time':
      return { sql: `time_to_sec(${it})`, as: 'INT' };
    case 'float':
      return { sql: `${it} * 0.5`, as: 'DOUBLE' };
    case 'enum':
    case 'set':
      return random.pick([
        { sql: `${it} + 0`, as: 'INT' },
        { sql: `concat(${it}, 'x')`, as: 'VARCHAR(100)' },
      ]);
    default:
      return { sql: `${it} is null`, as: 'INT' };
  }
}

function generatedColumn(random: Random, ground: Ground, name: string, base: Draft): Draft {
  const { sql, as } = expressionOver(random, base);
  const stored = random.chance(0.5);
  const rest = ground.mariadb || !random.chance(0.3) ? '' : ' NOT NULL';
  const type: ColumnType = {
    sql: as,
    family: /CHAR/.test(as) ? 'text' : 'int',
    value: () => 'DEFAULT',
    constant: undefined,
    key: stored ? 'plain' : 'none',
  };
  return {
    name,
    type,
    nullable: true,
    definition: `${as} GENERATED ALWAYS AS (${sql}) ${stored ? 'STORED' : 'VIRTUAL'}${rest}${comment(random)}`,
    generated: true,
    auto: false,
  };
}

function plainColumn(random: Random, ground: Ground, name: string): Draft {
  const type = someType(random, ground);
  const nullable = random.chance(0.6);
  const rest = attributes(random, ground, type, nullable);
  const canHide = ground.mariadb ? ground.version >= 100303 : ground.version >= 80023;
  const hidden = canHide && (nullable || / DEFAULT /.test(rest)) && random.chance(0.06) ? ' INVISIBLE' : '';
  return {
    name,
    type,
    nullable: type.family === 'timestamp' ? rest.startsWith(' NULL') : nullable,
    definition: `${type.sql}${rest}${hidden}${comment(random)}`,
    generated: false,
    auto: false,
  };
}

function autoColumn(random: Random, name: string): Draft {
  const sql = random.pick(['INT', 'BIGINT UNSIGNED', 'SMALLINT', 'MEDIUMINT UNSIGNED']);
  let next = random.pick([0, 1, 5]);
  const value = (): string => {
    const given = next;
    next += random.between(1, 3);
    return String(given);
  };
  return {
    name,
    type: { sql, family: 'int', value, constant: undefined, key: 'plain' },
    nullable: false,
    definition: `${sql} NOT NULL AUTO_INCREMENT`,
    generated: false,
    auto: true,
  };
}

/** The columns of a table: at least one that takes values. */
export function someColumns(random: Random, ground: Ground, nextName: () => string): readonly Draft[] {
  const columns: Draft[] = [];
  if (random.chance(0.6)) columns.push(autoColumn(random, nextName()));
  const count = random.between(columns.length === 0 ? 1 : 0, 7);
  for (let i = 0; i < count; i += 1) columns.push(plainColumn(random, ground, nextName()));
  const canGenerate = ground.mariadb ? ground.version >= 100201 : ground.version >= 50706;
  const bases = columns.filter(({ auto }) => !auto);
  if (canGenerate && bases.length > 0) {
    while (random.chance(0.2)) columns.push(generatedColumn(random, ground, nextName(), random.pick(bases)));
  }
  // A generated column may stand before what it is made of.
  if (random.chance(0.1)) columns.reverse();
  return columns;
}

/** A value for a column: an edge, NULL where it may, its default. */
export function someValue(random: Random, { type, nullable, auto }: Draft): string {
  if (auto) return type.value();
  if (nullable && random.chance(0.15)) return 'NULL';
  return type.value();
}

/** `CHECK` conditions, some of which the rows do not keep. */
export function someCheck(random: Random, { name, type }: Draft): string | undefined {
  const it = quoted(name);
  if (type.family === 'int' || type.family === 'decimal') return `${it} > -100`;
  if (type.family === 'text') {
    return random.pick([
      `${it} <> ${hexText('é')}`,
      `char_length(${it}) < 1000`,
      `${it} <> 'it''s'`,
      `${it} <> '患'`,
    ]);
  }
  if (type.family === 'timestamp') return `hour(${it}) < 25`;
  return random.chance(0.5) ? `${it} is not null or 1` : undefined;
}
