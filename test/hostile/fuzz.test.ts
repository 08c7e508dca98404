// Not a quick test: hundreds of random archives.
import { before, describe } from 'node:test';
import { whoCanOpen } from '../../src/admin/who-can-open.js';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { parseLabel, parseObjects, parseTable } from '../../src/archive/descriptions.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { parseStoredPassword } from '../../src/archive/password/stored-password.js';
import { surveyArchive } from '../../src/archive/salvage/survey.js';
import { rangesOfBytes, utf8 } from '../../src/bytes.js';
import type { SchemaObjectKind } from '../../src/model/parts.js';
import { acceptDefinition } from '../../src/recovery/ddl/accept-definition.js';
import { programSql, sequenceSql, viewsSql } from '../../src/recovery/export/object-sql.js';
import { tableSql } from '../../src/recovery/export/table-sql.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { sampleParts } from '../archive/support/parts.js';
import { type Sealed, sealParts } from '../recovery/seal.js';
import { anyText, fc } from '../support/properties.js';
import { door } from './door.js';

// Words, marks and pieces that a definition is made of, in any order.
const piece = fc.constantFrom(
  ...(
    "CREATE TABLE VIEW TRIGGER EVENT FUNCTION PROCEDURE SEQUENCE DEFINER = @ root `zz` `a` ' '' \" ` \\ ( ) , ; . AS SELECT INTO " +
    'BEGIN END IF THEN ELSE CASE WHEN LOOP DO ON SCHEDULE EVERY 1 DAY COMPLETION ENABLE FOR EACH ROW BEFORE INSERT ENGINE InnoDB ' +
    'CONNECT UNION PARTITION BY int KEY /* */ /*!50100 /*!99999 /*M!100000 -- # \\n $$ \\0 é DELIMITER //'
  ).split(' '),
  ' ',
  '\n',
);
const statement = fc.oneof(
  fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(' ')),
  fc.array(piece, { maxLength: 40 }).map((pieces) => `CREATE TABLE \`zz\` (\`a\` int) ${pieces.join(' ')}`),
  fc.array(piece, { maxLength: 40 }).map((pieces) => `CREATE PROCEDURE \`zz\`() ${pieces.join(' ')}`),
  fc.constantFrom(
    'BEGIN IF CASE '.repeat(5000),
    "'".repeat(99_999),
    '/*'.repeat(50_000),
    '`a`.'.repeat(30_000),
  ),
);
const kinds: readonly SchemaObjectKind[] = [
  'event',
  'function',
  'package',
  'package-body',
  'procedure',
  'sequence',
  'trigger',
  'view',
];
const definition = fc.record({
  kind: fc.constantFrom(...kinds),
  name: fc.constantFrom('zz', '', '`', '../zz'),
  createStatement: statement,
  sqlMode: fc.constantFrom('', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES', "x'"),
});

describe('F7: every door reads what a stranger wrote, or refuses it with a typed error, in little time and memory', () => {
  let sealed: Sealed;
  before(async () => {
    sealed = await sealParts(sampleParts(), 'opendental');
  });

  // An archive with bytes changed, cut off, doubled or put in.
  const change = fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(5000),
      put: fc.uint8Array({ maxLength: 300 }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const changed = (edits: readonly { at: number; cut: number; put: Uint8Array }[]): Uint8Array =>
    edits.reduce<Uint8Array>((bytes, { at, cut, put }) => {
      const from = Math.floor(at * bytes.length);
      return new Uint8Array(Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]));
    }, sealed.bytes);

  door('inspect', change, (edits) => inspectArchive(changed(edits)));
  door('verify', change, (edits) => verifyArchive(rangesOfBytes(changed(edits)), sealed));
  door('decrypt', change, async (edits) => {
    for await (const _ of decryptArchive(changed(edits), sealed));
  });
  door('open', change, async (edits) => {
    const reader = await openArchive(rangesOfBytes(changed(edits)), sealed);
    for await (const _ of reader.parts());
  });
  door('salvage', change, (edits) => surveyArchive(rangesOfBytes(changed(edits)), sealed));
  door('who can open', fc.json(), (text) => whoCanOpen([parseLabel(utf8(text))]));
  door('descriptions', fc.json(), (text) => [parseTable(utf8(text)), parseObjects(utf8(text))]);
  door('a definition of an object', definition, ({ kind, name, createStatement, sqlMode }) =>
    acceptDefinition(kind, name, createStatement, { sqlMode }),
  );
  door('a definition of a table', statement, (text) => acceptDefinition('table', 'zz', text));
  door('a script of an object', definition, (object) => {
    if (object.kind === 'view') return viewsSql([object], 'zz');
    if (object.kind === 'sequence') return sequenceSql(object, 'zz');
    return programSql(object, { name: 'zz', collation: 'utf8_bin' }, '2026-01-01T00:00:00Z', 'at-rest');
  });
  door('a script of a table', statement, (createStatement) =>
    tableSql({ index: 1, name: 'zz', engine: 'InnoDB', createStatement, columns: [], primaryKey: [] }, 'zz'),
  );
  door('a stored password', anyText(), (text) => parseStoredPassword(text));
});
