import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SchemaObject, TableDescription, TableSummary } from '../../src/model/parts.js';
import {
  findObstacles,
  type RestoreObstacleCode,
  type TargetFacts,
  type WantedContent,
} from '../../src/recovery/plan/obstacles.js';
import type { RestoreOptions } from '../../src/recovery/restore/options.js';

interface Case {
  readonly table?: Partial<TableDescription>;
  readonly summary?: Partial<TableSummary>;
  readonly object?: Partial<SchemaObject>;
  readonly defaults?: WantedContent['defaults'];
  readonly target?: Partial<Omit<TargetFacts, 'capabilities' | 'trial'>>;
  readonly server?: Partial<TargetFacts['capabilities']>;
  readonly trial?: Partial<TargetFacts['trial']>;
  readonly leftOut?: WantedContent['leftOut'];
  readonly options?: RestoreOptions;
  /** Which of the three it is told as. */
  readonly as: 'blocks' | 'changes' | 'note';
}

// A record of all codes, so that no new one is without a case.
const cases: Readonly<Record<RestoreObstacleCode, readonly Case[]>> = {
  'definer-missing': [{ object: { definer: 'gone@%' }, as: 'note' }],
  'definition-only': [{ table: { definitionOnly: 'its rows are elsewhere' }, as: 'note' }],
  'definition-refused': [
    {
      trial: { refused: [{ kind: 'table', name: 'claim', errno: 1064, message: 'no such type' }] },
      as: 'blocks',
    },
    {
      trial: { refused: [{ kind: 'view', name: 'names', errno: 1305, message: 'no such function' }] },
      as: 'changes',
    },
    {
      trial: { refused: [{ kind: 'key', name: 'k', table: 'claim', errno: 1071, message: 'too long' }] },
      as: 'changes',
    },
  ],
  'definitions-untried': [{ trial: { untried: 'the database user may not' }, as: 'note' }],
  'event-over': [{ trial: { over: ['clean_up'] }, as: 'changes' }],
  'events-rest': [
    { object: { kind: 'event', status: 'ENABLED' }, target: { runsEvents: false }, as: 'note' },
  ],
  'history-unsupported': [{ table: { versioned: 'history' }, server: { vendor: 'mysql' }, as: 'blocks' }],
  'names-collide': [{ table: { name: 'PATIENT' }, server: { lowerCaseTableNames: 1 }, as: 'blocks' }],
  'names-its-source': [
    {
      defaults: { name: 'living', characterSet: 'utf8', collation: 'utf8_bin' },
      object: { kind: 'procedure', createStatement: 'CREATE PROCEDURE `names`() DELETE FROM living.t' },
      as: 'changes',
    },
  ],
  'no-load-data': [{ target: { localInfile: false }, as: 'note' }],
  'object-left-out': [
    { leftOut: [{ kind: 'view', name: 'trail', reason: 'it reads from "audit"' }], as: 'note' },
  ],
  'places-taken': [{ trial: { displaced: ['claim'] }, as: 'changes' }],
  'privilege-missing': [
    { target: { grants: ['GRANT SELECT ON *.* TO `u`@`%`'] }, as: 'blocks' },
    {
      object: { kind: 'view' },
      target: { grants: ['GRANT SELECT, INSERT, CREATE, DROP, INDEX, ALTER ON *.* TO `u`@`%`'] },
      as: 'blocks',
    },
  ],
  'read-only': [{ target: { readOnly: true }, as: 'note' }],
  'rows-filtered': [{ table: { rowFilter: { where: '1', reason: 'the newer ones' } }, as: 'note' }],
  'sessions-hidden': [
    {
      target: { state: 'unfinished', seesOtherSessions: false },
      options: { replace: true },
      as: 'blocks',
    },
  ],
  'table-incomplete': [{ summary: { incomplete: 'it is damaged' }, as: 'changes' }],
  'table-renamed': [{ trial: { renamed: [['#mysql50#a-b', 'a-b']] }, as: 'changes' }],
  'target-not-empty': [{ target: { state: 'filled' }, as: 'blocks' }],
  'target-replaced': [{ target: { state: 'filled' }, options: { replace: true }, as: 'changes' }],
  'target-unfinished': [
    { target: { state: 'unfinished' }, as: 'note' },
    { target: { state: 'unfinished' }, options: { resume: false }, as: 'blocks' },
  ],
  'unknown-character-set': [{ defaults: { characterSet: 'klingon', collation: 'utf8_bin' }, as: 'blocks' }],
  'unknown-collation': [
    { defaults: { characterSet: 'utf8', collation: 'utf8_klingon_ci' }, as: 'blocks' },
    {
      defaults: { characterSet: 'utf8', collation: 'utf8_klingon_ci' },
      options: { adapt: true },
      as: 'changes',
    },
  ],
  'unknown-engine': [
    { table: { engine: 'Aria' }, as: 'blocks' },
    { table: { engine: 'Aria' }, options: { adapt: true }, as: 'changes' },
  ],
  'unknown-sql-mode': [{ object: { sqlMode: 'ANSI,FANCY' }, as: 'blocks' }],
};

const patient: TableDescription = {
  index: 1,
  name: 'patient',
  engine: 'InnoDB',
  createStatement: 'CREATE TABLE `patient` (`id` int) ENGINE=InnoDB',
  columns: [],
  primaryKey: [],
};

const whole: TableSummary = {
  index: 1,
  name: 'patient',
  engine: 'InnoDB',
  rows: 10,
  parts: 1,
  plainBytes: 100,
  storedBytes: 50,
};

const view: SchemaObject = {
  kind: 'view',
  name: 'names',
  createStatement: 'CREATE VIEW `names` AS SELECT 1',
};

function obstaclesOf({
  table,
  summary,
  object,
  defaults,
  target,
  server,
  trial,
  leftOut = [],
  options = {},
}: Case) {
  const content: WantedContent = {
    defaults: defaults ?? { characterSet: 'utf8', collation: 'utf8_bin' },
    tables: [
      { description: patient, summary: whole },
      {
        description: { ...patient, name: 'claim', ...table },
        summary: { ...whole, name: 'claim', ...summary },
      },
    ],
    objects: [{ ...view, ...object }],
    leftOut,
  };
  const facts: TargetFacts = {
    database: 'recovered',
    state: 'absent',
    grants: ['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`'],
    seesOtherSessions: true,
    readOnly: false,
    runsEvents: true,
    localInfile: true,
    accounts: new Set(['root@localhost']),
    trial: { refused: [], displaced: [], renamed: [], over: [], ...trial },
    ...target,
    capabilities: {
      vendor: 'mariadb',
      version: '10.11.0-MariaDB',
      engines: new Set(['innodb', 'myisam']),
      characterSets: new Set(['utf8']),
      collations: new Set(['utf8_bin', 'utf8_general_ci']),
      unknownModes: new Set(['FANCY']),
      lowerCaseTableNames: 0,
      tablesShareFile: false,
      ...server,
    },
  };
  return findObstacles(content, facts, options);
}

describe('what stands in the way of a restore', () => {
  it('is nothing on a server that knows all that the archive needs', () => {
    assert.deepEqual(obstaclesOf({ as: 'note' }), []);
    const seesNobody = { state: 'filled', seesOtherSessions: false } as const;
    assert.deepEqual(
      obstaclesOf({ target: seesNobody, as: 'blocks' }).map(({ code }) => code),
      ['target-not-empty'],
    );
  });

  for (const [code, all] of Object.entries(cases)) {
    it(`${code} is told once, as heavy as it is`, () => {
      for (const each of all) {
        const told = obstaclesOf(each).filter((obstacle) => obstacle.code === code);
        assert.deepEqual(
          told.map(({ severity }) => severity),
          [each.as],
        );
        assert.match(told[0]!.message, /\.$/);
      }
    });
  }

  it('is no missing definer when definers are left out, or when the users of the target cannot be read', () => {
    const object = { definer: 'gone@%' };
    assert.deepEqual(obstaclesOf({ object, options: { definers: 'strip' }, as: 'note' }), []);
    assert.deepEqual(obstaclesOf({ object, target: { accounts: undefined }, as: 'note' }), []);
  });

  it('is no missing privilege where a role may give it', () => {
    const grants = ['GRANT `restorer` TO `u`@`%`', 'GRANT USAGE ON *.* TO `u`@`%`'];
    assert.deepEqual(obstaclesOf({ target: { grants }, as: 'note' }), []);
  });
});
