import type { Part, TableDescription, ValueForm } from '../../../src/archive/model.js';
import { packRows } from '../../../src/archive/pack-rows.js';
import { column, type Value } from '../support/columns.js';
import { sampleParts } from '../support/parts.js';

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

/** A hundred rows of every form in every encoding: constant, near a base, in steps, wide, with NULLs, all NULL. */
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
  for await (const part of sampleParts({ tables: 0 })) {
    if (part.kind !== 'summary') {
      yield part;
      continue;
    }
    yield { kind: 'table', table };
    const rows = await packRows(1, 1, {
      rows: 100,
      columns: columns.map(({ form, values }) => column(form, values)),
    });
    yield rows;
    const { plainBytes, data } = rows;
    const summary = {
      index: 1,
      name: table.name,
      engine: table.engine,
      rows: 100,
      parts: 1,
      plainBytes,
      storedBytes: data.length,
    };
    yield { kind: 'summary', summary: { ...part.summary, tables: [summary] } };
  }
}
