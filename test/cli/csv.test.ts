import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ColumnBatch, ColumnValues } from '../../src/model/column-batch.js';
import type { ColumnDescription, TableDescription, ValueForm } from '../../src/model/parts.js';
import { encodeFor } from '../../src/recovery/export/character-sets.js';
import { csvHeader, csvRows } from '../../src/recovery/export/csv.js';
import { undecodedSet } from '../../src/recovery/export/readable-value.js';

function column(type: string, form: ValueForm | null, characterSet: string | null = null): ColumnDescription {
  return { name: `the ${type}`, type, form, characterSet, nullable: true };
}

function table(...columns: ColumnDescription[]): TableDescription {
  return { index: 1, name: 't', engine: 'MyISAM', createStatement: '', columns, primaryKey: [] };
}

function variable(...values: (Uint8Array | string | null)[]): ColumnValues {
  const bytes = values.map((value) =>
    value === null ? Buffer.alloc(0) : typeof value === 'string' ? Buffer.from(value) : Buffer.from(value),
  );
  return {
    kind: 'variable',
    nulls: nulls(values),
    lengths: Uint32Array.from(bytes, ({ length }) => length),
    data: Buffer.concat(bytes),
  };
}

function nulls(values: readonly unknown[]): Uint8Array | null {
  if (!values.includes(null)) return null;
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => {
    if (value === null) bits[row >> 3]! |= 1 << (row & 7);
  });
  return bits;
}

function oneColumn(description: ColumnDescription, values: ColumnValues, rows: number): string[] {
  return csvRows(table(description), { rows, columns: [values] })
    .split('\r\n')
    .slice(0, rows);
}

function fixed(width: 1 | 2 | 4 | 8, hex: string): ColumnValues {
  return { kind: 'fixed', width, nulls: null, data: Buffer.from(hex.replaceAll(' ', ''), 'hex') };
}

test('NULL, the empty text, quotes and line breaks stay apart in CSV', () => {
  const description = column('varchar(9)', 'bytes', 'utf8');
  const values = variable(null, '', 'a"b', 'a,b', 'a\nb', 'Zähne');
  const batch: ColumnBatch = { rows: 6, columns: [values] };
  assert.equal(csvHeader(table(description)), 'the varchar(9)\r\n');
  assert.equal(csvRows(table(description), batch), '\r\n""\r\n"a""b"\r\n"a,b"\r\n"a\nb"\r\nZähne\r\n');
});

test('a column that the target computes again is not in the CSV', () => {
  const described = table(column('int(11)', 'i32'), column('int(11) generated', null));
  assert.equal(csvHeader(described), 'the int(11)\r\n');
});

test('numbers keep every digit', () => {
  assert.deepEqual(oneColumn(column('bigint(20)', 'i64'), fixed(8, '0100000000002000 ffffffffffffffff'), 2), [
    '9007199254740993',
    '-1',
  ]);
  assert.deepEqual(oneColumn(column('bigint(20) unsigned', 'u64'), fixed(8, 'ffffffffffffffff'), 1), [
    '18446744073709551615',
  ]);
  assert.deepEqual(oneColumn(column('tinyint(4)', 'i8'), fixed(1, '80'), 1), ['-128']);
  assert.deepEqual(oneColumn(column('year(4)', 'u16'), fixed(2, '0000 d007'), 2), ['0000', '2000']);
  assert.deepEqual(oneColumn(column('float', 'f32'), fixed(4, 'cdcccc3d ffff7f7f'), 2), [
    '0.1',
    '3.4028235e+38',
  ]);
  assert.deepEqual(oneColumn(column('double', 'f64'), fixed(8, '9a9999999999b93f'), 1), ['0.1']);
  assert.deepEqual(oneColumn(column('decimal(20,2)', 'bytes'), variable('-123456789012345678.90'), 1), [
    '-123456789012345678.90',
  ]);
  assert.deepEqual(oneColumn(column('bit(9)', 'bytes'), variable(Buffer.from([1, 255])), 1), ['511']);
});

test('dates and times read as the server writes them, zero dates included', () => {
  const day = Buffer.from([0xe8, 0x07, 2, 29]);
  assert.deepEqual(oneColumn(column('date', 'date'), variable('', day, Buffer.from([1, 0, 1, 1])), 3), [
    '0000-00-00',
    '2024-02-29',
    '0001-01-01',
  ]);
  const moment = Buffer.concat([day, Buffer.from([23, 59, 58])]);
  const precise = Buffer.concat([moment, Buffer.from([0x40, 0xe2, 0x01, 0x00])]);
  assert.deepEqual(oneColumn(column('datetime', 'datetime'), variable('', day, moment), 3), [
    '0000-00-00 00:00:00',
    '2024-02-29 00:00:00',
    '2024-02-29 23:59:58',
  ]);
  assert.deepEqual(oneColumn(column('datetime(3)', 'datetime'), variable(precise, moment), 2), [
    '2024-02-29 23:59:58.123',
    '2024-02-29 23:59:58.000',
  ]);
  const longest = Buffer.from([1, 34, 0, 0, 0, 22, 59, 59]);
  assert.deepEqual(oneColumn(column('time', 'time'), variable('', longest), 2), ['00:00:00', '-838:59:59']);
});

test('ENUM and SET read as their words, and the ENUM error value as the empty text', () => {
  const numbers = fixed(8, '0000000000000000 0200000000000000');
  assert.deepEqual(oneColumn(column("enum('a','it''s')", 'u64'), numbers, 2), ['""', "it's"]);
  const bits = fixed(8, '0000000000000000 0500000000000000');
  assert.deepEqual(oneColumn(column("set('a','b','c')", 'u64'), bits, 2), ['""', '"a,c"']);
});

test('text comes in Unicode whatever its character set; bytes that are no text come as 0x…', () => {
  const bytes = Buffer.from([0x5a, 0xe4]);
  assert.deepEqual(oneColumn(column('char(2)', 'bytes', 'latin1'), variable(bytes), 1), ['Zä']);
  assert.deepEqual(oneColumn(column('char(2)', 'bytes', 'utf8'), variable(bytes), 1), ['0x5ae4']);
  assert.deepEqual(oneColumn(column('blob', 'bytes'), variable(bytes, ''), 2), ['0x5ae4', '0x']);
  assert.deepEqual(oneColumn(column('json', 'bytes'), variable('[1]'), 1), ['[1]']);
});

test('ENUM words read as they are: backslash, quote, comma, line end', () => {
  const words = String.raw`enum('C:\\temp','it''s','a,b','line\nend','ü € ')`;
  const numbers = fixed(
    8,
    '0100000000000000 0200000000000000 0300000000000000 0400000000000000 0500000000000000',
  );
  const [first, second, third, fourth, fifth] = csvRows(table(column(words, 'u64')), {
    rows: 5,
    columns: [numbers],
  }).split('\r\n');
  assert.deepEqual(
    [first, second, third, fourth, fifth],
    ['C:\\temp', "it's", '"a,b"', '"line\nend"', 'ü € '],
  );
});

test('text that is broken, or is of a set that nobody knows, comes as the bytes it is, and such sets are named', () => {
  const cut = Buffer.from([0x95]);
  assert.deepEqual(oneColumn(column('char(2)', 'bytes', 'sjis'), variable(cut), 1), ['0x95']);
  assert.deepEqual(oneColumn(column('char(2)', 'bytes', 'filename'), variable('a'), 1), ['0x61']);
  assert.equal(undecodedSet(column('char(2)', 'bytes', 'filename')), 'filename');
  assert.equal(undecodedSet(column('char(2)', 'bytes', 'sjis')), null);
  assert.equal(undecodedSet(column('blob', 'bytes')), null);
});

test('for a spreadsheet text that begins like a formula begins with a quote, and numbers stay as they are', () => {
  const text = table(column('varchar(20)', 'bytes', 'utf8'));
  const values = variable('=1+1', '+49', '-x', '@a', '\t=1', ' =1', '"=1', 'a=1', null, '');
  const rows = csvRows(text, { rows: 10, columns: [values] }, { spreadsheet: true }).split('\r\n');
  assert.deepEqual(rows.slice(0, 10), [
    `"'=1+1"`,
    `"'+49"`,
    `"'-x"`,
    `"'@a"`,
    `"'\t=1"`,
    `"' =1"`,
    '"""=1"',
    'a=1',
    '',
    '""',
  ]);
  const words = table(column("enum('=1')", 'u64'));
  const number = { rows: 1, columns: [fixed(8, '0100000000000000')] };
  assert.equal(csvRows(words, number, { spreadsheet: true }), `"'=1"\r\n`);
  assert.equal(csvRows(words, number), '=1\r\n');
  const negative = { rows: 1, columns: [fixed(1, '80')] };
  assert.equal(csvRows(table(column('tinyint', 'i8')), negative, { spreadsheet: true }), '-128\r\n');
});

test('O7: a statement goes out in the character set of its client, where clients can tell its letters from quotes', () => {
  assert.deepEqual(encodeFor('latin1', 'é€'), Buffer.from([0xe9, 0x80]));
  assert.deepEqual(encodeFor('koi8r', 'Ж'), Buffer.from([0xf6]));
  assert.deepEqual(encodeFor('binary', 'é'), Buffer.from('é'));
  assert.equal(encodeFor('latin1', 'Ж'), null);
  assert.equal(encodeFor('sjis', '表'), null);
});
