import { type Ground, hexText } from './model.js';
import type { Random } from './random.js';
import type { ColumnType } from './types.js';

export function geometry(random: Random, ground: Ground): ColumnType {
  const name = random.pick(['GEOMETRY', 'POINT', 'LINESTRING', 'POLYGON']);
  const make = ground.version >= 50700 ? 'ST_GeomFromText' : 'GeomFromText';
  const forms: Readonly<Record<string, readonly string[]>> = {
    POINT: ['POINT(1 2)', 'POINT(-0.5 1e10)'],
    LINESTRING: ['LINESTRING(0 0,1 1,2 2)'],
    POLYGON: ['POLYGON((0 0,10 0,10 10,0 10,0 0))'],
  };
  const texts = forms[name] ?? Object.values(forms).flat();
  const value = (): string => `${make}('${random.pick(texts)}'${random.chance(0.3) ? ', 0' : ''})`;
  return { sql: name, family: 'geometry', value, constant: undefined, key: 'none' };
}

export function special(random: Random, ground: Ground): ColumnType {
  const plain = (sql: string, values: readonly string[]): ColumnType => {
    const value = (): string => random.pick(values);
    return { sql, family: 'special', value, constant: value, key: 'plain' };
  };
  if (ground.mariadb) {
    const choices = [
      plain('INET6', ["'::1'", "'::ffff:1.2.3.4'", "'fe80::1'", "'::'"]),
      ...(ground.version >= 101000 ? [plain('INET4', ["'1.2.3.4'", "'0.0.0.0'"])] : []),
      ...(ground.version >= 100700
        ? [
            plain('UUID', [
              "'123e4567-e89b-12d3-a456-426655440000'",
              "'00000000-0000-0000-0000-000000000000'",
            ]),
          ]
        : []),
      ...(ground.version >= 110701
        ? [
            {
              ...plain('VECTOR(2)', ["VEC_FromText('[1,2]')", "VEC_FromText('[0,-1.5]')"]),
              key: 'none' as const,
              constant: undefined,
            },
          ]
        : []),
      {
        ...plain(`VARCHAR(${random.between(10, 200)}) COMPRESSED`, ["'aaa'", "REPEAT('ab', 50)"]),
        key: 'none' as const,
      },
    ];
    return random.pick(choices);
  }
  if (ground.version >= 90000) {
    return { ...plain('VECTOR(2)', ["STRING_TO_VECTOR('[1,2]')"]), key: 'none', constant: undefined };
  }
  return year(random);
}

export function year(random: Random): ColumnType {
  const value = (): string => random.pick(['0', '1901', '2155', '2000', '1970']);
  return {
    sql: random.chance(0.2) ? 'YEAR(4)' : 'YEAR',
    family: 'year',
    value,
    constant: value,
    key: 'plain',
  };
}

export function bit(random: Random): ColumnType {
  const width = random.pick([1, 7, 8, 33, 64]);
  const value = (): string => `b'${Array.from({ length: width }, () => random.int(2)).join('')}'`;
  return { sql: `BIT(${width})`, family: 'bit', value, constant: value, key: 'plain' };
}

export function json(random: Random): ColumnType {
  const forms = [
    '{}',
    '[1, 2.50, "x"]',
    '{"a":{"b":null},"ü":"😀"}',
    '"text"',
    '1e5',
    '{"b":1,"a":2}',
    'null',
  ];
  return {
    sql: 'JSON',
    family: 'json',
    value: () => hexText(random.pick(forms)),
    constant: undefined,
    key: 'none',
  };
}
