import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeLabel } from '../../src/archive/label.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { packRows } from '../../src/columns/pack.js';
import type { Part, TableDescription, ValueForm } from '../../src/model/parts.js';
import { column, type Value } from '../columns/support/columns.js';
import { sampleLabel, sampleParts } from './support/parts.js';
import { projectRoot, renderReaderScript } from './support/reader-script.js';
import { unpackTar } from './support/unpack-tar.js';

interface Case {
  readonly type: string;
  readonly form: ValueForm;
  readonly characterSet?: string;
  readonly values: readonly (readonly [value: Value, sql: string])[];
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const bitsOf = (value: number, width: 4 | 8): bigint => {
  const view = new DataView(new ArrayBuffer(8));
  if (width === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return width === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true);
};

const cases: Readonly<Record<string, Case>> = {
  'V6 bigint beyond 2^53': {
    type: 'bigint(20)',
    form: 'i64',
    values: [
      [2n ** 53n + 1n, '9007199254740993'],
      [-(2n ** 63n), '-9223372036854775808'],
      [null, 'NULL'],
    ],
  },
  'V6 unsigned bigint': {
    type: 'bigint(20) unsigned',
    form: 'u64',
    values: [[2n ** 64n - 1n, '18446744073709551615']],
  },
  tinyint: {
    type: 'tinyint(4)',
    form: 'i8',
    values: [
      [-128n, '-128'],
      [127n, '127'],
    ],
  },
  year: {
    type: 'year(4)',
    form: 'u16',
    values: [
      [0n, '0'],
      [2155n, '2155'],
    ],
  },
  'keys that ascend': {
    type: 'int(11)',
    form: 'i32',
    values: Array.from(
      { length: 1000 },
      (_, i) => [BigInt(i * 70_000 + (i % 7)), String(i * 70_000 + (i % 7))] as const,
    ),
  },
  'V3 float keeps every bit': {
    type: 'float',
    form: 'f32',
    values: [[bitsOf(0.1, 4), '0.10000000149011612e0']],
  },
  'V4 double': {
    type: 'double',
    form: 'f64',
    values: [
      [bitsOf(-0, 8), '-0.0e0'],
      [bitsOf(1e300, 8), '1e+300'],
      [bitsOf(0.1, 8), '0.1e0'],
      [bitsOf(125, 8), '125.0e0'],
    ],
  },
  'V10 date': {
    type: 'date',
    form: 'date',
    values: [
      [bytes(), "'0000-00-00'"],
      [bytes(1, 0, 1, 1), "'0001-01-01'"],
      [bytes(0xe8, 7, 2, 29), "'2024-02-29'"],
    ],
  },
  'V10 datetime': {
    type: 'datetime(6)',
    form: 'datetime',
    values: [
      [bytes(), "'0000-00-00 00:00:00'"],
      [bytes(1, 0, 1, 1), "'0001-01-01 00:00:00'"],
      [bytes(0xe8, 7, 2, 29, 23, 59, 58), "'2024-02-29 23:59:58'"],
      [bytes(0xe8, 7, 2, 29, 23, 59, 58, 7, 0, 0, 0), "'2024-02-29 23:59:58.000007'"],
    ],
  },
  'V11 time': {
    type: 'time',
    form: 'time',
    values: [
      [bytes(), "'00:00:00'"],
      [bytes(1, 34, 0, 0, 0, 22, 59, 59), "'-838:59:59'"],
      [bytes(0, 0, 0, 0, 0, 1, 2, 3, 0x3f, 0x42, 0xf, 0), "'01:02:03.999999'"],
    ],
  },
  'V9 text in its own character set': {
    type: 'varchar(20)',
    characterSet: 'latin1',
    form: 'bytes',
    values: [
      [bytes(0xe9), "_latin1 x'e9'"],
      [bytes(), "_latin1 x''"],
      [null, 'NULL'],
      [
        text('a text that is rather long'),
        `_latin1 x'${Buffer.from('a text that is rather long').toString('hex')}'`,
      ],
    ],
  },
  'V9 bytes': { type: 'blob', form: 'bytes', values: [[bytes(0, 255, 39), "x'00ff27'"]] },
  decimal: { type: 'decimal(65,30)', form: 'bytes', values: [[text('-1.50'), "'-1.50'"]] },
  'json without a character set': { type: 'json', form: 'bytes', values: [[text('{}'), "_utf8mb4 x'7b7d'"]] },
  'V13 the ENUM error value': {
    type: "enum('a','b')",
    characterSet: 'latin1',
    form: 'u64',
    values: [
      [0n, '0'],
      [2n, '2'],
    ],
  },
};

const names = Object.keys(cases);

async function* partsOfCases(): AsyncGenerator<Part> {
  const sample: Part[] = [];
  for await (const part of sampleParts({ tables: 0 })) sample.push(part);
  const [database, objects, summary] = sample as [Part, Part, Part & { readonly kind: 'summary' }];
  yield database;
  const tables = [];
  for (const [i, name] of names.entries()) {
    const { type, form, values, characterSet = null } = cases[name]!;
    const table: TableDescription = {
      index: i + 1,
      name,
      engine: 'InnoDB',
      createStatement: `CREATE TABLE \`${name}\` (\`v\` ${type})`,
      columns: [{ name: 'v', type, characterSet, nullable: true, form }],
      primaryKey: [],
    };
    yield { kind: 'table', table };
    const part = await packRows(i + 1, 1, {
      rows: values.length,
      columns: [
        column(
          form,
          values.map(([value]) => value),
        ),
      ],
    });
    yield part;
    const { plainBytes, data } = part;
    tables.push({
      index: i + 1,
      name,
      engine: 'InnoDB',
      rows: values.length,
      parts: 1,
      plainBytes,
      storedBytes: data.length,
    });
  }
  yield objects;
  yield { ...summary, summary: { ...summary.summary, tables } };
}

const hasPython = spawnSync('python3', ['--version']).status === 0;

describe('reader.py', () => {
  let place: string;
  let sql: string;
  const read = (...args: readonly string[]) =>
    spawnSync('python3', ['reader.py', ...args], { cwd: place, encoding: 'utf8', maxBuffer: 1e8 });

  before(async () => {
    place = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
    await unpackTar(
      writeTar(partsOfCases(), makeLabel(sampleLabel), () => undefined),
      place,
    );
    sql = read().stdout;
  });
  after(() => rmSync(place, { recursive: true, force: true }));

  it('is the one that is checked as Python, and travels in every archive', () => {
    const { file, text: generated } = renderReaderScript();
    assert.equal(readFileSync(join(projectRoot, file), 'utf8'), generated, 'npm run generate');
    assert.deepEqual(
      readFileSync(join(place, 'reader.py')),
      readFileSync(join(projectRoot, 'src', 'archive', 'reader.py')),
    );
  });

  for (const name of names) {
    it(`writes ${name}`, { skip: hasPython ? false : 'not on this machine: python3' }, () => {
      const { values } = cases[name]!;
      const [, after] = sql.split(`CREATE TABLE \`${name}\` (\`v\` ${cases[name]!.type});\n`);
      const insert = `INSERT INTO \`${name}\` (\`v\`) VALUES\n`;
      const expected = `${insert}${values.map(([, sql]) => `(${sql})`).join(',\n')};\n`;
      assert.equal(after?.slice(0, expected.length), expected);
    });
  }

  it('takes chosen tables alone', { skip: hasPython ? false : 'no python3' }, () => {
    const { stdout } = read(names[1]!, names[2]!);
    const made = [...stdout.matchAll(/CREATE TABLE `([^`]+)`/g)].map(([, name]) => name);
    assert.deepEqual(made, [names[1]!, names[2]!]);
    assert.doesNotMatch(stdout, /CREATE VIEW/);
  });

  it('knows a definition of its kind and name in every quoting, and refuses others', {
    skip: hasPython ? false : 'no python3',
  }, () => {
    const known: readonly (readonly [kind: string, name: string, statement: string])[] = [
      ['function', 'o 7', 'CREATE DEFINER="root"@"localhost" FUNCTION "o 7"() RETURNS int RETURN 1'],
      ['function', 'a', 'CREATE DEFINER=`a``"b`@`%` AGGREGATE FUNCTION `a`() RETURNS int RETURN 1'],
      [
        'trigger',
        'ä',
        'CREATE DEFINER=`r`@`%` TRIGGER/* x */ d . ä BEFORE INSERT ON t FOR EACH ROW SET @a = 1',
      ],
      [
        'trigger',
        't`1',
        'CREATE DEFINER=`r` TRIGGER IF NOT EXISTS`t``1` BEFORE INSERT ON t FOR EACH ROW BEGIN END',
      ],
      ['package-body', 'P', 'CREATE DEFINER="r"@"%" PACKAGE BODY "p" AS END'],
      ['view', 'v', 'CREATE ALGORITHM=UNDEFINED DEFINER=`r`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1'],
    ];
    const others: readonly (readonly [kind: string, name: string, statement: string])[] = [
      ['function', 'a', 'CREATE FUNCTION `b`() RETURNS int RETURN 1'],
      ['view', 'v', 'CREATE TABLE `v` (a int)'],
      ['view', 'v', 'CREATE /*!50001 USER x; CREATE */ VIEW `v` AS select 1'],
      ['event', 'e', 'CREATE USER `r`@`%` IDENTIFIED BY "x"; CREATE EVENT `e`'],
      ['procedure', 'p', 'DROP DATABASE mysql'],
      ['table', 't', 'CREATE TABLE `mysql`.`t` (a int)'],
    ];
    const program = `import json, reader, sys
for kind, name, statement in json.load(sys.stdin):
    try:
        reader.check_kind({'name': name, 'createStatement': statement}, kind)
        print('known')
    except ValueError:
        print('refused')`;
    const { stdout } = spawnSync('python3', ['-c', program], {
      cwd: place,
      input: JSON.stringify([...known, ...others]),
      encoding: 'utf8',
    });
    assert.deepEqual(stdout.trim().split('\n'), [
      ...known.map(() => 'known'),
      ...others.map(() => 'refused'),
    ]);
  });

  it('refuses a file that is not what the manifest says', { skip: hasPython ? false : 'no python3' }, () => {
    const file = join(place, 'tables', '0001', '000001.cols.gz');
    const good = readFileSync(file);
    writeFileSync(file, Buffer.concat([good, Buffer.from([0])]));
    const { status, stderr } = read(names[0]!);
    writeFileSync(file, good);
    assert.notEqual(status, 0);
    assert.match(stderr, /is damaged/);
  });
});
