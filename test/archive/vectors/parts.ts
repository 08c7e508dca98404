import { createHash } from 'node:crypto';
import { packRows } from '../../../src/columns/pack.js';
import type { ColumnValues } from '../../../src/model/column-batch.js';
import type {
  Part,
  SchemaObject,
  TableDescription,
  TableSummary,
  ValueForm,
} from '../../../src/model/parts.js';
import { column, type Value } from '../../columns/support/columns.js';
import { sampleParts } from '../support/parts.js';

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

/**
 * A hundred rows of every form in every encoding: constant, near a base, in steps, wide, with NULLs, all
 * NULL.
 */
export function everyForm(): readonly {
  readonly form: ValueForm;
  readonly type: string;
  readonly values: Value[];
}[] {
  const list = (value: (i: number) => Value): Value[] => Array.from({ length: 100 }, (_, i) => value(i));
  const noise = (i: number): bigint => (BigInt(i + 1) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
  const widths = {
    i8: 8,
    u8: 8,
    i16: 16,
    u16: 16,
    i32: 32,
    u32: 32,
    f32: 32,
    i64: 64,
    u64: 64,
    f64: 64,
  } as const;
  const types = {
    i8: 'tinyint(4)',
    u8: 'tinyint(3) unsigned',
    i16: 'smallint(6)',
    u16: 'smallint(5) unsigned',
    i32: 'int(11)',
    u32: 'int(10) unsigned',
    f32: 'float',
    i64: 'bigint(20)',
    u64: 'bigint(20) unsigned',
    f64: 'double',
  } as const;
  const numbers = (Object.keys(widths) as (keyof typeof widths)[]).flatMap((form) => {
    const type = types[form];
    const fit = (value: bigint): bigint => BigInt.asUintN(widths[form], value);
    // Floating numbers are kept finite: the exponent of random bits might say infinity.
    const random = (i: number): bigint =>
      form === 'f32'
        ? fit(noise(i)) & 0xbfffffffn
        : form === 'f64'
          ? noise(i) & 0xbfffffffffffffffn
          : fit(noise(i));
    return [
      { form, type, values: list(() => fit(0n)) },
      { form, type, values: list(() => random(7)) },
      { form, type, values: list((i) => fit(BigInt((i * 37) % 100))) },
      { form, type, values: list((i) => fit(BigInt(1000 + i * 3))) },
      { form, type, values: list(random) },
      { form, type, values: list((i) => (i % 3 === 0 ? null : random(i % 5))) },
      { form, type, values: list(() => null) },
    ];
  });
  const dates = [bytes(), bytes(1, 0, 1, 1), bytes(0xe8, 7, 2, 29), bytes(0x0f, 0x27, 12, 31)];
  const moments = [
    ...dates,
    bytes(0xe8, 7, 2, 29, 23, 59, 58),
    bytes(0xe8, 7, 2, 29, 23, 59, 58, 7, 0, 0, 0),
  ];
  const times = [bytes(), bytes(1, 34, 0, 0, 0, 22, 59, 59), bytes(0, 0, 0, 0, 0, 1, 2, 3, 63, 66, 15, 0)];
  return [
    ...numbers,
    { form: 'date', type: 'date', values: list((i) => dates[i % 4]!) },
    { form: 'datetime', type: 'datetime(6)', values: list((i) => moments[i % 6]!) },
    { form: 'time', type: 'time(6)', values: list((i) => times[i % 3]!) },
    { form: 'bytes', type: 'blob', values: list((i) => bytes(i, 0, 255 - i)) },
    { form: 'bytes', type: 'blob', values: list((i) => text('many words '.repeat(i % 9))) },
    { form: 'bytes', type: 'blob', values: list(() => text('the same')) },
    { form: 'bytes', type: 'blob', values: list(() => bytes()) },
    { form: 'bytes', type: 'blob', values: list((i) => (i % 4 === 0 ? null : text(`Zahn ${i} äöü 😀`))) },
    { form: 'bytes', type: 'blob', values: list(() => null) },
  ];
}

/**
 * A dump in which every key of every description stands, a table without rows, and rows without kept columns.
 */
export async function* partsOfEveryKey(): AsyncGenerator<Part> {
  const tables: TableDescription[] = [
    {
      ...tableOf(1, 'log', [['Id', 'i64']]),
      primaryKey: ['Id'],
      rowFilter: { where: 'Id > 5', reason: 'old' },
    },
    { ...tableOf(2, 'merged', [['Id', 'i64']]), definitionOnly: 'its rows lie in other tables' },
    { ...tableOf(3, 'versions', [['Id', 'i64']]), versioned: 'history' },
    { ...tableOf(4, 'now', [['Id', 'i64']]), versioned: 'current' },
    tableOf(5, 'computed', [['Id', null]]),
    tableOf(6, 'spoiled', [['Id', 'i64']]),
  ];
  const rowsOf = (index: number): number => (index === 2 || index === 4 ? 0 : 3);
  const summaries: TableSummary[] = [];
  for await (const part of sampleParts({ tables: 0 })) {
    if (part.kind === 'database') yield part;
    if (part.kind === 'objects') {
      for (const table of tables) {
        yield { kind: 'table', table };
        const { index, name, engine } = table;
        const rows = rowsOf(index);
        const columns = index === 5 ? [] : [column('i64', [7n, 8n, 9n])];
        const packed = rows === 0 ? null : await packRows(index, 1, { rows, columns });
        if (packed !== null) yield packed;
        summaries.push({
          index,
          name,
          engine,
          rows,
          parts: packed === null ? 0 : 1,
          plainBytes: packed?.plainBytes ?? 0,
          storedBytes: packed?.data.length ?? 0,
          ...(index === 6 ? { incomplete: 'the server could not read its last page' } : {}),
        });
      }
      yield { kind: 'objects', objects: objectsOfEveryKind };
    }
    if (part.kind === 'summary') {
      yield {
        kind: 'summary',
        summary: {
          ...part.summary,
          tables: summaries,
          consistency: { kind: 'per-table', reason: 'no right to lock' },
          position: { file: 'binlog.000003', position: '4711' },
          leftOut: [
            { kind: 'users', name: 'logins', reason: 'never taken' },
            { kind: 'package', name: 'p', reason: 'not asked for' },
          ],
          warnings: [
            { code: 'per-table', message: 'Tables are of different moments.' },
            { code: 'spoiled', message: 'A table is not complete.', table: 'spoiled' },
          ],
        },
      };
    }
  }
}

const creationSettings = {
  definer: 'root@localhost',
  sqlMode: 'ANSI_QUOTES',
  characterSetClient: 'latin1',
  collationConnection: 'latin1_swedish_ci',
  databaseCollation: 'utf8mb3_general_ci',
} as const;

const objectsOfEveryKind: readonly SchemaObject[] = [
  { kind: 'sequence', name: 's', createStatement: 'CREATE SEQUENCE `s`', nextValue: '9223372036854775806' },
  {
    kind: 'function',
    name: 'f',
    createStatement: "CREATE FUNCTION f() RETURNS text RETURN 'ü'",
    ...creationSettings,
  },
  { kind: 'procedure', name: 'p', createStatement: 'CREATE PROCEDURE p() SELECT 1', ...creationSettings },
  { kind: 'package', name: 'k', createStatement: 'CREATE PACKAGE k AS END', ...creationSettings },
  { kind: 'package-body', name: 'k', createStatement: 'CREATE PACKAGE BODY k AS END', ...creationSettings },
  {
    kind: 'view',
    name: 'v',
    createStatement: 'CREATE VIEW v AS SELECT 1',
    ...creationSettings,
    brokenAtSource: 'gone',
  },
  {
    kind: 'trigger',
    name: 't',
    createStatement: 'CREATE TRIGGER t BEFORE INSERT ON log FOR EACH ROW SET @a = 1',
    ...creationSettings,
    table: 'log',
    actionOrder: 2,
  },
  {
    kind: 'event',
    name: 'e',
    createStatement: 'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1',
    ...creationSettings,
    timeZone: 'SYSTEM',
    status: 'SLAVESIDE_DISABLED',
  },
];

function tableOf(
  index: number,
  name: string,
  columns: readonly (readonly [string, ValueForm | null])[],
): TableDescription {
  return {
    index,
    name,
    engine: 'MyISAM',
    createStatement: `CREATE TABLE ${name} (${columns.map(([each]) => `${each} bigint`).join(', ')})`,
    columns: columns.map(([each, form]) => ({
      name: each,
      type: 'bigint(20)',
      characterSet: null,
      nullable: true,
      form,
    })),
    primaryKey: [],
  };
}

/**
 * A dump of one table whose part holds long runs, long text and long noise, each compressed in its own way.
 */
export async function* partsOfEveryTexture(): AsyncGenerator<Part> {
  const rows = 1500;
  const list = (value: (i: number) => Value): Value[] => Array.from({ length: rows }, (_, i) => value(i));
  const few = (value: (i: number) => Uint8Array): Value[] =>
    list((i) => (i % 10 === 0 ? value(i) : new Uint8Array(0)));
  const noise = (i: number, k: number): number =>
    Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (k + 1), 0x85ebca6b) >>> 0;
  const columns: [string, ValueForm, Value[]][] = [
    ...Array.from({ length: 6 }, (_, k): [string, ValueForm, Value[]] => [
      `Id${k}`,
      'i64',
      list((i) => BigInt(noise(i, k))),
    ]),
    ['Note', 'bytes', few((i) => text(`Patient ${i} came back, and was told to come again. `.repeat(6)))],
    [
      'Image',
      'bytes',
      few((i) => new Uint8Array(createHash('shake256', { outputLength: 450 }).update(`${i}`).digest())),
    ],
  ];
  yield* partsOfColumns('textures', rows, columns);
}

/**
 * A dump of one table whose part holds base64 of bytes that cannot be compressed, and what only looks like
 * it.
 */
export async function* partsOfBase64(): AsyncGenerator<Part> {
  const random = (i: number): Buffer =>
    createHash('shake256', { outputLength: 600 + (i % 4) })
      .update(`${i}`)
      .digest();
  const others = [text(''), text('QR=='), text('QUI'), text('a-b_'), bytes(0, 255), null];
  const rows = 100;
  const images = Array.from(
    { length: rows },
    (_, i): Value =>
      i % 9 === 4 ? others[Math.floor(i / 9) % others.length]! : text(random(i).toString('base64')),
  );
  const ids = images.map((_, i) => BigInt(i));
  yield* partsOfColumns('base64', rows, [
    ['Id', 'i64', ids],
    ['Image', 'bytes', images],
  ]);
}

/** A dump of one table that has a column for each of {@link everyForm}. */
export async function* partsOfEveryForm(): AsyncGenerator<Part> {
  const columns = everyForm();
  const table: TableDescription = {
    index: 1,
    name: 'every_form',
    engine: 'InnoDB',
    createStatement: `CREATE TABLE every_form (${columns.map(({ type }, i) => `c${i} ${type}`).join(', ')})`,
    columns: columns.map(({ form, type }, i) => ({
      name: `c${i}`,
      type,
      characterSet: null,
      nullable: true,
      form,
    })),
    primaryKey: [],
  };
  yield* partsOfTable(
    table,
    100,
    columns.map(({ form, values }) => column(form, values)),
  );
}

async function* partsOfColumns(
  name: string,
  rows: number,
  columns: readonly (readonly [string, ValueForm, Value[]])[],
): AsyncGenerator<Part> {
  const table = tableOf(
    1,
    name,
    columns.map(([each, form]) => [each, form] as const),
  );
  yield* partsOfTable(
    table,
    rows,
    columns.map(([, form, values]) => column(form, values)),
  );
}

async function* partsOfTable(
  table: TableDescription,
  rows: number,
  columns: readonly ColumnValues[],
): AsyncGenerator<Part> {
  for await (const part of sampleParts({ tables: 0 })) {
    if (part.kind !== 'summary') {
      yield part;
      continue;
    }
    yield { kind: 'table', table };
    const packed = await packRows(1, 1, { rows, columns });
    yield packed;
    const { name, engine } = table;
    const { plainBytes, data } = packed;
    const summary = { index: 1, name, engine, rows, parts: 1, plainBytes, storedBytes: data.length };
    yield { kind: 'summary', summary: { ...part.summary, tables: [summary] } };
  }
}

/** The sample under a front that names its tables, and one more that it had no room for. */
export async function* partsWithPromise(): AsyncGenerator<Part> {
  for await (const part of sampleParts()) {
    if (part.kind !== 'database') yield part;
    else {
      const tables = [{ index: 2, name: 'table`2', tier: 'critical' }];
      yield { ...part, database: { ...part.database, tables, unlistedTables: 1 } };
    }
  }
}
