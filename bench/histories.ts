/**
 * `npm run bench:histories`: what a vendor does over a whole bucket, without any secret: every note of every practice is proven
 * and held against the others (`verifyHistories`), and the newest archive of each is looked at (`checkWithoutKey`). The
 * listing and the notes are generated as they are asked for, so no store is measured; signing them is told apart.
 *
 *     npm run bench:histories -- [--practices 50000] [--copies 44]
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { utf8 } from '../src/bytes.js';
import { archiveBeside } from '../src/history/judge-history.js';
import { formatNote, hashOfNote } from '../src/history/note.js';
import { formatBody, noteKeyOf } from '../src/history/note-body.js';
import { noteKeyOfSigner, signerOf } from '../src/history/signer.js';
import { verifyHistories } from '../src/history/verify-history.js';
import { checkWithoutKey } from '../src/recovery/verify/check-without-key.js';
import type { StorageAdapter, StoredObject } from '../src/storage/adapter.js';
import { createMemoryStorage } from '../src/storage/memory.js';

const { values } = parseArgs({
  options: {
    practices: { type: 'string', default: '50000' },
    copies: { type: 'string', default: '44' },
  },
});
const practices = Number(values.practices);
const copies = Number(values.copies);
const archive = readFileSync('test/vectors/critical.tar.age');
const sha256 = createHash('sha256').update(archive).digest('hex');
let madeMilliseconds = 0;

/** Of this process so far: it does nothing else, and a busy machine changes that little. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The notes of one practice, oldest first: what a default retention leaves of three years. */
function notesOf(practiceId: string): ReadonlyMap<string, Uint8Array> {
  const start = processorMilliseconds();
  const signer = signerOf(createHash('sha256').update(practiceId).digest());
  const signedWith = noteKeyOfSigner(signer, practiceId);
  const notes = new Map<string, Uint8Array>();
  const standing = Array.from({ length: copies }, (_, i) => i * 5 + 1);
  let previous: string | null = null;
  for (const [i, number] of standing.entries()) {
    const night = new Date(Date.UTC(2024, 0, number)).toISOString().slice(0, 10);
    const archiveId = createHash('md5').update(`${practiceId} ${number}`).digest('hex');
    const text = formatBody({
      practiceId,
      destination: 'hq',
      scope: 'critical',
      night,
      archiveId,
      size: archive.length,
      sha256,
      madeAt: `${night}T23:00:00.000Z`,
      number,
      previous: number === 1 ? null : (previous ?? sha256),
      standing: standing.slice(0, i + 1),
      recipient: 'age1office',
      heads: {},
      signedWith,
    });
    const signature = signer.sign(utf8(text)) as Uint8Array;
    const note = formatNote(text, [{ name: signedWith.name, id: signedWith.id, signature }]);
    previous = hashOfNote(note);
    notes.set(`${practiceId}/${night}/${archiveId}.tar.age`, utf8(note));
  }
  madeMilliseconds += processorMilliseconds() - start;
  return notes;
}

/** A bucket that makes what it is asked for. A practice is judged when the next one is listed, so two are kept. */
function generatedBucket(): StorageAdapter {
  const kept = new Map<string, ReadonlyMap<string, Uint8Array>>();
  const object = (key: string, size: number): StoredObject => ({ key, size, modifiedAt: new Date(0) });
  return {
    ...createMemoryStorage(),
    async *list() {
      for (let number = 0; number < practices; number += 1) {
        const practiceId = String(number).padStart(6, '0');
        const [oldest] = kept.keys();
        if (kept.size > 1) kept.delete(oldest!);
        const notes = notesOf(practiceId);
        kept.set(practiceId, notes);
        for (const [key, note] of notes) {
          yield object(noteKeyOf(key)!, note.length);
          yield object(key, archive.length);
        }
      }
    },
    async *get(key) {
      yield kept.get(key.slice(0, 6))!.get(archiveBeside(key))!;
    },
  };
}

const began = performance.now();
const start = processorMilliseconds();
let judged = 0;
let labelMilliseconds = 0;
let mostMemory = 0;
for await (const { archives, findings, proven } of verifyHistories(generatedBucket())) {
  if (archives !== copies || proven.length !== copies || findings.length > 0) {
    throw new Error(`a generated history is not whole: ${JSON.stringify(findings)}`);
  }
  judged += 1;
  const from = processorMilliseconds();
  await checkWithoutKey(archive);
  labelMilliseconds += processorMilliseconds() - from;
  if (judged % 100 === 0) mostMemory = Math.max(mostMemory, process.memoryUsage.rss());
}
const all = processorMilliseconds() - start;
const verifying = all - madeMilliseconds - labelMilliseconds;
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
process.stdout.write(
  [
    `${judged} practices of ${copies} copies each: ${judged * copies} notes in one pass. Seconds of one processor:`,
    `  verifyHistories   ${seconds(verifying)} s, ${(verifying / (judged * copies)).toFixed(3)} ms a note`,
    `  checkWithoutKey   ${seconds(labelMilliseconds)} s for the newest archive of each`,
    `  making the notes  ${seconds(madeMilliseconds)} s, which a vendor has not to do`,
    `  wall clock        ${seconds(performance.now() - began)} s`,
    `  memory at most    ${Math.round(mostMemory / 1024 / 1024)} MiB`,
    '',
  ].join('\n'),
);
