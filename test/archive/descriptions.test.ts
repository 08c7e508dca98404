import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  parseDatabase,
  parseLabel,
  parseManifest,
  parseObjects,
  parseTable,
} from '../../src/archive/descriptions.js';
import { utf8 } from '../../src/bytes.js';
import { type BackupErrorCode, isBackupError } from '../../src/errors.js';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Path = readonly (number | string)[];

const format = { major: 1, minor: 0 };
const archiveId = '0123456789abcdef'.repeat(2);
const sealed = { recipient: 'age1x', sealedIdentity: 'y' };
const server = {
  vendor: 'mariadb',
  version: '10.11',
  sqlMode: '',
  timeZone: 'SYSTEM',
  systemTimeZone: 'UTC',
  characterSet: 'utf8mb3',
  collation: 'utf8mb3_general_ci',
  lowerCaseTableNames: 0,
  variables: { old_mode: '' },
};
const column = { name: 'Id', type: 'bigint(20)', characterSet: null, nullable: false, form: 'i64' };
const tableSummary = {
  index: 1,
  name: 't',
  engine: 'InnoDB',
  rows: 0,
  parts: 0,
  plainBytes: 0,
  storedBytes: 0,
};

interface Kind {
  readonly parse: (bytes: Uint8Array) => unknown;
  /** With every key there is. */
  readonly whole: Json;
  /** Keys that may be absent, by their path; a `0` stands for any place of a list. */
  readonly optional: readonly string[];
  /** What stands in a place, and what else may. */
  readonly others: readonly (readonly [path: Path, values: readonly Json[]])[];
}

const kinds: Readonly<Record<string, Kind>> = {
  label: {
    parse: parseLabel,
    whole: {
      format,
      archiveId,
      createdAt: '2026-07-15T05:00:00.000Z',
      practiceId: 'p',
      database: 'd',
      scope: 'full',
      keyHolder: { userNum: '1', userName: 'Anna' },
      unlock: [{ kind: 'enrolled', epoch: 1, ...sealed, chain: [{ epoch: 1, ...sealed }] }],
    },
    optional: ['keyHolder', 'unlock.0.chain'],
    others: [
      [['format', 'minor'], [9]],
      [['createdAt'], ['2026-07-15T05:00:00Z', '2026-07-15T05:00:00.123456789Z']],
      [['scope'], ['critical']],
      [['unlock'], [[], [{ kind: 'stored-hash', hashType: 'MD5', salt: '', ...sealed }]]],
      [
        ['unlock', 0, 'chain'],
        [[], [1, 2, 3].map((epoch) => ({ epoch, ...sealed }))],
      ],
    ],
  },
  'a label of a stored hash': {
    parse: parseLabel,
    whole: {
      format,
      archiveId,
      createdAt: '2026-07-15T05:00:00Z',
      practiceId: 'p',
      database: 'd',
      scope: 'full',
      unlock: [{ kind: 'stored-hash', hashType: 'MD5', salt: '', ...sealed }],
    },
    optional: [],
    others: [],
  },
  'database.json': {
    parse: parseDatabase,
    whole: {
      format,
      archiveId,
      database: { name: 'd', createStatement: 'c', characterSet: 'utf8', collation: 'u', server },
    },
    optional: ['database.server.variables'],
    others: [
      [['database', 'server', 'vendor'], ['mysql']],
      [
        ['database', 'server', 'variables'],
        [{}, { a: '1', b: '' }],
      ],
    ],
  },
  'table.json': {
    parse: parseTable,
    whole: {
      index: 1,
      name: 't',
      engine: 'InnoDB',
      createStatement: 'c',
      columns: [column, { ...column, characterSet: 'utf8', form: null }],
      primaryKey: ['Id'],
      definitionOnly: 'why',
      rowFilter: { where: 'w', reason: 'r' },
      versioned: 'current',
      computed: { columns: ['c'], hash: '0', timeZone: 'SYSTEM' },
    },
    optional: ['definitionOnly', 'rowFilter', 'versioned', 'computed', 'computed.timeZone'],
    others: [
      [['versioned'], ['history']],
      [['primaryKey'], [[], ['a', 'b']]],
      [['columns'], [[], new Array<Json>(4096).fill(column)]],
      [['columns', 0, 'form'], 'bytes date datetime f32 f64 i16 i32 i64 i8 time u16 u32 u64 u8'.split(' ')],
    ],
  },
  'objects.json': {
    parse: parseObjects,
    whole: [
      {
        kind: 'view',
        name: 'v',
        createStatement: 'c',
        createStatementBytes: '/+8=',
        definer: 'd',
        sqlMode: '',
        characterSetClient: 'utf8',
        collationConnection: 'u',
        databaseCollation: 'u',
        timeZone: 'SYSTEM',
        status: 'ENABLED',
        table: 't',
        actionOrder: 0,
        nextValue: '1',
        brokenAtSource: 'why',
      },
    ],
    optional: (
      'createStatementBytes definer sqlMode characterSetClient collationConnection databaseCollation timeZone status table ' +
      'actionOrder nextValue brokenAtSource'
    )
      .split(' ')
      .map((key) => `0.${key}`),
    others: [
      [[], [[]]],
      [[0, 'kind'], 'event function package package-body procedure sequence trigger'.split(' ')],
    ],
  },
  'manifest.json': {
    parse: parseManifest,
    whole: {
      format,
      archiveId,
      scope: 'full',
      startedAt: 's',
      snapshotAt: 's',
      finishedAt: 's',
      consistency: { kind: 'consistent', by: 'lock' },
      lockSeconds: 0.5,
      position: { file: 'f' },
      tables: [{ ...tableSummary, incomplete: 'why' }],
      leftOut: [{ kind: 'table', name: 'x', reason: 'r' }],
      warnings: [{ code: 'c', message: 'm', table: 't' }],
      entries: [{ name: 'n', offset: 0, size: 0, sha256: '0a'.repeat(32), rows: 0 }],
    },
    optional: ['position', 'tables.0.incomplete', 'warnings.0.table', 'entries.0.rows'],
    others: [
      [['scope'], ['critical']],
      [['lockSeconds'], [0, 1]],
      [['position'], [{}, { a: '1', b: '2' }]],
      [['consistency'], [{ kind: 'per-table', reason: 'r' }]],
      [
        ['consistency', 'by'],
        ['lock-and-snapshot', 'snapshot'],
      ],
      [
        ['leftOut', 0, 'kind'],
        'users event function package package-body procedure sequence trigger view'.split(' '),
      ],
      ...['tables', 'leftOut', 'warnings', 'entries'].map((key) => [[key], [[]]] as const),
    ],
  },
};

/** A copy with another value in a place, or, without one, with nothing there. */
function put(json: Json, [step, ...rest]: Path, value?: Json): Json | undefined {
  if (step === undefined) return value;
  if (Array.isArray(json)) return json.map((each, i) => (i === step ? put(each, rest, value)! : each));
  const { [step]: inner, ...others } = json as Record<string, Json>;
  const changed = put(inner!, rest, value);
  return changed === undefined ? others : { ...others, [step]: changed };
}

function* placesOf(json: Json, path: Path = []): Generator<[path: Path, value: Json]> {
  yield [path, json];
  if (typeof json !== 'object' || json === null) return;
  for (const [key, inner] of Object.entries(json)) {
    yield* placesOf(inner, [...path, Array.isArray(json) ? Number(key) : key]);
  }
}

// Of a number: below its least, and another type.
const wrongFor = (value: Json): readonly Json[] => {
  if (typeof value === 'number') return [-1, '1', null, true, [1]];
  if (typeof value === 'string') return [5, null, true, [value], { value }];
  if (typeof value === 'boolean') return ['true', 1, null];
  if (value === null) return [5, true, [], {}];
  return Array.isArray(value) ? [{}, null, 'x', 5, [null]] : [[], null, 'x', 5];
};

const refuses = (parse: Kind['parse'], json: Json | undefined, what: string): void =>
  assert.throws(
    () => parse(utf8(JSON.stringify(json) ?? '')),
    (error) => isBackupError(error, 'archive-damaged'),
    what,
  );

/** Records whose keys are the server's own. */
const ofServer: ReadonlySet<number | string | undefined> = new Set(['position', 'variables']);

for (const [name, { parse, whole, optional, others }] of Object.entries(kinds)) {
  describe(`the shape of ${name}`, () => {
    it('is taken whole, without what may be absent, and with keys of a later version', () => {
      assert.deepEqual(parse(utf8(JSON.stringify(whole))), whole);
      for (const path of optional) {
        const without = put(
          whole,
          path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step)),
        )!;
        assert.notDeepEqual(without, whole, path);
        assert.deepEqual(parse(utf8(JSON.stringify(without))), without, path);
      }
      for (const [path, value] of placesOf(whole)) {
        if (ofServer.has(path.at(-1)) || typeof value !== 'object' || value === null || Array.isArray(value))
          continue;
        const later = put(whole, [...path, 'news'], [{}])!;
        assert.deepEqual(parse(utf8(JSON.stringify(later))), later, path.join('.'));
      }
    });

    it('is taken with every value that a place may have', () => {
      for (const [path, values] of others) {
        for (const value of values) {
          const other = put(whole, path, value)!;
          assert.deepEqual(parse(utf8(JSON.stringify(other))), other, path.join('.'));
        }
      }
    });

    it('is refused where anything is of another type or missing', () => {
      for (const [path, value] of placesOf(whole)) {
        const place = path.join('.');
        const isNullable = /^columns\.\d\.(characterSet|form)$/.test(place);
        for (const wrong of wrongFor(value)) {
          if (isNullable && wrong === null) continue;
          refuses(parse, put(whole, path, wrong), `${place} is ${JSON.stringify(wrong)}`);
        }
        const isInList = typeof path.at(-1) === 'number';
        const isFree = ofServer.has(path.at(-2));
        if (path.length > 0 && !isInList && !isFree && !optional.includes(place)) {
          refuses(parse, put(whole, path), `${place} is missing`);
        }
      }
    });
  });
}

describe('the shape of a description', () => {
  const { label, 'table.json': table, 'manifest.json': manifest } = kinds as Record<string, Kind>;
  const cases: readonly (readonly [Kind, Path, readonly Json[]])[] = [
    [
      label!,
      ['archiveId'],
      ['', archiveId.slice(1), `${archiveId}0`, archiveId.toUpperCase(), ` ${archiveId}`],
    ],
    [label!, ['scope'], ['', 'Full', 'everything']],
    [label!, ['format', 'major'], [0]],
    [
      label!,
      ['createdAt'],
      [
        '2026-07-15T05:00Z',
        '2026-07-15T05:00:00',
        '2026-07-15 05:00:00Z',
        '2026-07-15T05:00:00.Z',
        '2026-07-15T05:00:00.1234567890Z',
        '2026-07-15T05:00:00+00:00',
        '2026-02-30T25:00:00Z',
        ' 2026-07-15T05:00:00Z',
        '2026-07-15T05:00:00Z\n',
        '+002026-07-15T05:00:00Z',
      ],
    ],
    [label!, ['unlock', 0, 'kind'], ['', 'other']],
    [label!, ['unlock', 0, 'epoch'], [0, 1.5]],
    [label!, ['unlock'], [new Array<Json>(9).fill({ kind: 'enrolled', epoch: 1, ...sealed })]],
    [table!, ['index'], [0, 1.5]],
    [table!, ['columns', 0, 'form'], ['', 'i128', 'I64']],
    [table!, ['columns'], [new Array<Json>(4097).fill(column)]],
    [table!, ['versioned'], ['', 'past']],
    [
      manifest!,
      ['consistency'],
      [{ kind: 'consistent' }, { kind: 'per-table' }, { kind: 'none', by: 'lock' }],
    ],
    [manifest!, ['consistency', 'by'], ['', 'luck']],
    [manifest!, ['tables', 0, 'rows'], [0.5, 2 ** 53]],
    [manifest!, ['position', 'file'], [5]],
    [
      manifest!,
      ['entries', 0, 'sha256'],
      ['', '0a'.repeat(31), `${'0a'.repeat(32)}0`, '0A'.repeat(32), `-${'0a'.repeat(32)}`],
    ],
    [manifest!, ['leftOut', 0, 'kind'], ['', 'index']],
  ];
  for (const [{ parse, whole }, path, values] of cases) {
    it(`is refused where ${path.join('.')} says what it never may`, () => {
      for (const value of values) refuses(parse, put(whole, path, value), JSON.stringify(value));
    });
  }

  it('is refused where a number is none that JSON has, and where a key is that of every object', () => {
    const text = JSON.stringify(manifest!.whole);
    assert.throws(() => parseManifest(utf8(text.replace('"lockSeconds":0.5', '"lockSeconds":1e999'))));
    assert.throws(() => parseTable(utf8('{"__proto__":{"index":1}}')));
  });

  it('is looked at up to so many values, and no further, what stands in a text being none', () => {
    const most = 2 ** 22;
    const outcome = (json: string): BackupErrorCode | undefined => {
      try {
        parseObjects(utf8(json));
        return undefined;
      } catch (error) {
        return isBackupError(error) ? error.code : undefined;
      }
    };
    for (const sign of [',', '[', '{']) {
      assert.equal(outcome(sign.repeat(most)), 'archive-damaged', sign);
      assert.equal(outcome(sign.repeat(most + 1)), 'archive-limit-exceeded', sign);
      assert.equal(outcome(`"${sign.repeat(most + 1)}"`), 'archive-damaged', sign);
    }
    const many = ',[{'.repeat(most / 2);
    assert.equal(outcome(`${',[{'.repeat(most / 3)},`), 'archive-damaged');
    // A quote behind a backslash does not end a text, and one behind two does.
    assert.equal(outcome(`"\\"${many}"`), 'archive-damaged');
    assert.equal(outcome(`"\\\\"${many}"`), 'archive-limit-exceeded');
    assert.equal(outcome(`"a""b"${many}`), 'archive-limit-exceeded');
    assert.equal(outcome('}]:0 '.repeat(most)), 'archive-damaged');
  });

  it('is refused as of a newer format before anything else of it is looked at', () => {
    for (const parse of [parseLabel, parseDatabase, parseManifest]) {
      const bytes = utf8('{"format":{"major":2,"minor":3}}');
      assert.throws(
        () => parse(bytes),
        (error) => isBackupError(error, 'archive-unsupported') && / 2\.3\./.test(error.message),
      );
    }
    for (const json of ['', 'no JSON', '[', '\ufeff{}', 'null']) {
      assert.throws(
        () => parseLabel(utf8(json)),
        (error) =>
          isBackupError(error, 'archive-damaged') &&
          / is not JSON\./.test(error.message) === !/^.?({}|null)$/.test(json) &&
          error.cause === undefined,
        json,
      );
    }
    assert.throws(
      () => parseLabel(Uint8Array.of(0x22, 0xff, 0x22)),
      (error) => isBackupError(error, 'archive-damaged'),
    );
  });
});
