// Not a quick test: thousands of random words.
import { Readable } from 'node:stream';
import { describe } from 'node:test';
import { parseEnrollment } from '../../src/admin/enrollment.js';
import { unlockArchives } from '../../src/admin/who-can-open.js';
import { parseLabel } from '../../src/archive/descriptions.js';
import { utf8 } from '../../src/bytes.js';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { isBackupError } from '../../src/errors.js';
import { judgeNoteBeside } from '../../src/history/note-beside.js';
import { isKnownSchedule } from '../../src/nightly/known-schedule.js';
import { parseJournal } from '../../src/nightly/run/parse-journal.js';
import { isMonthlyReminderDisabled } from '../../src/nightly/settings/settings.js';
import { parseWallTime } from '../../src/nightly/wall-time.js';
import { createHttpStorage } from '../../src/storage/http/index.js';
import { parseMessage, parseReply } from '../../src/storage/http/messages.js';
import { createS3Storage, createUploadGrant } from '../../src/storage/s3/index.js';
import { readUpload } from '../../src/storage/s3/promised-size.js';
import { contents, page } from '../storage/odd-store.js';
import { anyText, fc } from '../support/properties.js';
import { door } from './door.js';

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  anyText({ maxLength: 50 }),
  fc.constantFrom<unknown>('', '../..', '\u0000', -1, 1.5, 2 ** 53, 1e308, [], {}, null, 'x'.repeat(5000), [
    [],
  ]),
);

/** A value with some of what is in it made something else, or gone. */
function nearly(value: unknown): fc.Arbitrary<unknown> {
  return fc
    .array(fc.tuple(fc.array(fc.nat(), { maxLength: 4 }), odd, fc.nat(3)), { maxLength: 3 })
    .map((changes) => changes.reduce((so, [steps, other, how]) => changed(so, steps, other, how), value));
}

function changed(value: unknown, steps: readonly number[], other: unknown, how: number): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return other;
  const keys = Object.keys(value);
  if (keys.length === 0) return other;
  const key = keys[step % keys.length]!;
  if (Array.isArray(value)) {
    return value.map((each, i) => (String(i) === key ? changed(each, rest, other, how) : each));
  }
  const { [key]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 && how === 0 ? others : { ...others, [key]: changed(inner, rest, other, how) };
}

const messages: readonly object[] = [
  { op: 'begin', key: 'p/a', size: 5, sha256: 'ab'.repeat(32) },
  { op: 'part', key: 'p/a', uploadId: 'u.5.x', part: { number: 1, size: 5, md5: 'ab'.repeat(16) } },
  {
    op: 'pieces',
    key: 'p/a',
    uploadId: 'u',
    part: { number: 1, size: 5, md5: 'ab'.repeat(16) },
    pieces: [{ index: 0, size: 5, md5: 'ab'.repeat(16) }],
  },
  {
    op: 'complete',
    key: 'p/a',
    uploadId: 'u',
    size: 5,
    parts: [{ number: 1, size: 5, md5: 'ab'.repeat(16), etag: 'x' }],
  },
  { op: 'list', prefix: 'p/' },
].map((message) => ({ version: 2, ...message }));
const message = fc.constantFrom(...messages).chain(nearly);

const object = { key: 'p/a', size: 5, modifiedAt: '2026-02-01T00:00:00.000Z', etag: 'x' };
const replies = {
  stat: { object },
  list: { objects: [object], more: false },
  read: { request: { url: 'https://store.example/a', headers: { range: 'x' } }, size: 5 },
} as const;
const reply = fc
  .constantFrom(...(Object.keys(replies) as (keyof typeof replies)[]))
  .chain((op) => nearly({ ok: true, version: 2, reply: replies[op] }).map((value) => ({ op, value })));

const unlock = { kind: 'enrolled', epoch: 1, recipient: 'age1x', sealedIdentity: '-----BEGIN AGE' };
const label = {
  format: { major: 1, minor: 2 },
  archiveId: 'ab'.repeat(16),
  createdAt: '2026-02-01T00:00:00.000Z',
  practiceId: '1',
  database: 'opendental',
  scope: 'full',
  keyHolder: { userNum: '1', userName: 'Admin' },
  unlock: [{ ...unlock, chain: [unlock] }],
};
const journal = {
  version: 1,
  practiceId: '1',
  firstNight: '2026-02-01',
  machine: 'X',
  pending: [{ archiveId: 'ab'.repeat(16), night: '2026-02-01', file: '../x' }],
  verified: { hq: [{ night: '2026-02-01', key: '1/x' }], local: [] },
  failed: { hq: { night: '2026-02-01', code: 'x' } },
  alerts: {},
  schedule: { windowStart: '22:00', windowEnd: '04:00' },
  sequences: { hq: { number: 1 } },
};
const note = [
  'supplemental-backup note 1',
  'practice: 4711',
  'destination: local',
  'night: 2026-02-01',
  `archive: ${'ab'.repeat(16)}`,
  'size: 5',
  'standing: 1,31,60-66,205-212',
  'signed with: supplemental-backup/4711+1a2b3c4d+base64',
  '',
  '— x AAAA',
];

/** Lines with some doubled, cut, swapped or made something else. */
const someLines = (lines: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.constantFrom(...lines), anyText({ maxLength: 40 })), {
      maxLength: 30,
    })
    .map((some) => some.join('\n'));

/** A store that says one thing, whatever it is asked. */
function storeThatSays(text: string, statusCode: number): Parameters<typeof createS3Storage>[0] {
  const handle = async (): Promise<unknown> => ({
    response: {
      statusCode,
      headers: { 'content-type': 'application/xml' },
      body: Readable.from([Buffer.from(text)]),
    },
  });
  const requestHandler = { handle, destroy: () => undefined } as never;
  return {
    bucket: 'copies',
    connection: {
      region: 'us-east-1',
      endpoint: 'http://127.0.0.1:9',
      requestHandler,
      credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
    },
    partRetry: { retries: 0 },
  };
}

const listing = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.constantFrom(
          contents('p/a'),
          contents('p/b', { size: '-5' }),
          contents('../p', { size: '1e400' }),
          contents('p/c', { date: 'never' }),
        ),
        fc.tuple(anyText(), fc.string()).map(([key, size]) => contents(key, { size })),
        fc.constantFrom('<Contents>', '</Contents>', '<Key>', '&#0;', '&a;', '<![CDATA[', '<!--'),
      ),
      { maxLength: 6 },
    ),
    fc.boolean(),
    fc.string({ maxLength: 5 }),
    fc.constantFrom(200, 200, 200, 403, 404, 500),
  )
  .map(([inside, truncated, token, status]) => ({
    text: page(inside.join(''), { truncated, token }),
    status,
  }));

const dateText = fc.stringMatching(/^\d{1,6}[-/]\d{1,3}[-/]\d{1,6}( \d{1,3}:\d{1,3}:\d{1,3}( [AP]M)?)?$/);

async function exhaust(items: AsyncIterable<unknown>): Promise<void> {
  let left = 1000;
  for await (const _ of items) if (--left === 0) return;
}

describe('F7: words from outside are read, or refused with a typed error, in little time and memory', () => {
  door('a message to the desk', fc.oneof(fc.jsonValue(), message), (value) => parseMessage(value));
  door('the answer of the desk', message, async (value) => {
    const store = storeThatSays('<Error><Code>NoSuchUpload</Code></Error>', 404);
    await createUploadGrant({ ...store, keysUnder: 'p/' }).answer(value);
  });
  door(
    'a ticket of an upload',
    fc.oneof(fc.string(), fc.stringMatching(/^.{1,9}\.\d{1,20}\.[\w-]{43}$/)),
    (name) => readUpload('secret', 'p/a', name),
  );
  door('a reply of the desk', reply, ({ op, value }) => parseReply(op, value));
  door('an office before a desk that says anything', reply, async ({ op, value }) => {
    const office = createHttpStorage({
      url: 'https://desk.example/',
      partRetry: { retries: 0 },
      fetch: async () => new Response(JSON.stringify(value)),
    });
    if (op === 'stat') await office.stat('p/a');
    else await exhaust(op === 'list' ? office.list('p/') : office.get('p/a'));
  });
  door('a listing of a store', listing, ({ text, status }) =>
    exhaust(createS3Storage(storeThatSays(text, status)).list('p/')),
  );
  door('an object of a store', listing, ({ text, status }) =>
    createS3Storage(storeThatSays(text, status)).stat('p/a'),
  );
  door('the labels of archives and a password', nearly(label), (value) =>
    unlockArchives([parseLabel(utf8(JSON.stringify(value)))], 'a password'),
  );
  door(
    'a record of an enrolment',
    nearly({ ...unlock, userNum: '1', unlock: [unlock], since: 'x' }),
    (value) => parseEnrollment(JSON.stringify(value), '1'),
  );
  door('a journal', nearly(journal), (value) => parseJournal(JSON.stringify(value)));
  door('a schedule', nearly(journal.schedule), (value) => isKnownSchedule(value));
  door('a note beside an archive', someLines(note), (text) => {
    judgeNoteBeside(text, { size: 5, archiveId: 'ab'.repeat(16), practiceId: '4711' });
  });
  door('what a preference says', fc.oneof(anyText(), dateText), (text) => [
    parseWallTime(text, 'America/Chicago'),
    isMonthlyReminderDisabled(text, new Date('2026-02-01')),
  ]);
  // A mistake of whoever configures it, and named as one.
  door(
    'the address of a database',
    fc.webUrl().map((url) => url.replace(/^https?/, 'mysql')),
    (url) => parseDatabaseUrl(url),
    (error) => error instanceof TypeError || isBackupError(error),
  );
});
