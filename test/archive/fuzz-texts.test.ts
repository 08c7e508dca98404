import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseEnrollment } from '../../src/admin/enrollment.js';
import {
  parseDatabase,
  parseLabel,
  parseManifest,
  parseObjects,
  parseTable,
} from '../../src/archive/descriptions.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { utf8 } from '../../src/bytes.js';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { tokenise } from '../../src/database/tokens.js';
import { isBackupError } from '../../src/errors.js';
import { parseJournal } from '../../src/nightly/run/parse-journal.js';
import { processorTime } from '../support/processor.js';
import { anyText, fc } from '../support/properties.js';
import { fuzzing } from './support/fuzz.js';

// What has a text of somebody else's at its door; the programmer's own arguments may be a TypeError.
const doors: Readonly<Record<string, (text: string) => unknown>> = {
  'a label': (text) => parseLabel(utf8(text)),
  'a manifest': (text) => parseManifest(utf8(text)),
  'a description of a database': (text) => parseDatabase(utf8(text)),
  'a description of a table': (text) => parseTable(utf8(text)),
  'a list of objects': (text) => parseObjects(utf8(text)),
  'an enrolment': (text) => parseEnrollment(text, '1'),
  'a journal': (text) => parseJournal(text),
  'a header': (text) => inspectArchive(utf8(`age-encryption.org/v1\n${text}`)),
  'a definition': (text) => tokenise(text),
};

const names = [
  'format',
  'archiveId',
  'createdAt',
  'unlock',
  'epochs',
  'revision',
  'userNum',
  'tables',
  'entries',
];
const { tree: json } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.jsonValue(),
    fc.constantFrom<unknown>(
      '%zz',
      '9'.repeat(400),
      '-271821-04-20T00:00:00Z',
      '\ud800',
      -0,
      2 ** 53,
      1e308,
      [],
    ),
    fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 5 }),
    fc.array(tie('tree'), { maxLength: 4 }),
  ),
}));
const text = fc.oneof(
  json.map((value) => JSON.stringify(value) ?? ''),
  fc.tuple(json, fc.nat(60)).map(([value, cut]) => (JSON.stringify(value) ?? '').slice(cut)),
  anyText({ maxLength: 200 }),
);
const long = [
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  `-> ${'a '.repeat(30_000)}\n`,
  '-> x\n'.repeat(30_000),
];

describe('F7: a text that somebody else wrote is read or refused with a typed error, never crashed on', () => {
  for (const [what, read] of Object.entries(doors)) {
    const knock = async (given: string): Promise<void> => {
      const used = await processorTime(async () => {
        try {
          await read(given);
        } catch (error) {
          assert.ok(isBackupError(error), String(error instanceof Error ? error.stack : error));
        }
      });
      assert.ok(used < 2000, `${used} ms`);
    };
    it(what, async () => {
      // Once is enough for a text that is always the same.
      for (const given of long) await knock(given);
      await fc.assert(fc.asyncProperty(text, knock), fuzzing(300));
    });
  }

  it('a URL of a database is that or a mistake of who typed it', () => {
    const knock = (given: string): void => {
      try {
        parseDatabaseUrl(`mysql://${given}`);
      } catch (error) {
        assert.equal((error as Error).name, 'TypeError');
        assert.match((error as Error).message, /^"url"/);
      }
    };
    for (const given of long) knock(given);
    fc.assert(fc.property(text, knock), fuzzing(300));
  });
});
