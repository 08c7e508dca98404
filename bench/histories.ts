/**
 * `npm run bench:histories`: what a vendor does over a whole bucket, without any secret: every note of every practice is proven
 * and held against the others (`verifyHistories`), and the newest archive of each is looked at (`checkWithoutKey`). The
 * listing and the notes are generated as they are asked for, so no store is measured; making and signing them is told apart.
 * A few practices are damaged, and exactly those are to be found. Half-way the pass is broken off, and another goes on.
 *
 *     npm run bench:histories -- [--practices 50000] [--copies 44] [--markdown docs/BENCHMARKS.md]
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { utf8 } from '../src/bytes.js';
import type { HistoryFinding } from '../src/history/findings.js';
import { archiveBeside } from '../src/history/judge-history.js';
import { formatNote, hashOfNote } from '../src/history/note.js';
import { formatBody, noteKeyOf } from '../src/history/note-body.js';
import { noteKeyOfSigner, signerOf } from '../src/history/signer.js';
import { verifyHistories } from '../src/history/verify-history.js';
import { checkWithoutKey } from '../src/recovery/verify/check-without-key.js';
import type { StorageAdapter, StoredObject } from '../src/storage/adapter.js';
import { createMemoryStorage } from '../src/storage/memory.js';
import { replaceSection } from './support/report.js';

const { values } = parseArgs({
  options: {
    practices: { type: 'string', default: '50000' },
    copies: { type: 'string', default: '44' },
    markdown: { type: 'string' },
  },
});
const practices = Number(values.practices);
const copies = Number(values.copies);
const archive = readFileSync('test/vectors/critical.tar.age');
const sha256 = createHash('sha256').update(archive).digest('hex');
/** One practice of so many is damaged, each in the next of these ways. */
const damagedOf = 500;
const damages = ['gap', 'overwritten', 'foreign', 'rolled-back'] as const satisfies HistoryFinding['kind'][];
let madeMilliseconds = 0;

/** Of this process so far: it does nothing else, and a busy machine changes that little. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function idOf(practice: number): string {
  return String(practice).padStart(6, '0');
}

function damageOf(practiceId: string): (typeof damages)[number] | undefined {
  const practice = Number(practiceId);
  return practice % damagedOf === 7 ? damages[Math.floor(practice / damagedOf) % damages.length] : undefined;
}

/** What a default retention leaves of three years, oldest first. */
const standing = Array.from({ length: copies }, (_, i) => i * 5 + 1);

function placeOf(practiceId: string, number: number): { night: string; archiveId: string; key: string } {
  const night = new Date(Date.UTC(2024, 0, number)).toISOString().slice(0, 10);
  const archiveId = createHash('md5').update(`${practiceId} ${number}`).digest('hex');
  return { night, archiveId, key: `${practiceId}/${night}/${archiveId}.tar.age` };
}

/** The notes of one practice by the keys of their archives. */
function notesOf(practiceId: string): ReadonlyMap<string, Uint8Array> {
  const start = processorMilliseconds();
  const signer = signerOf(createHash('sha256').update(practiceId).digest());
  const signedWith = noteKeyOfSigner(signer, practiceId);
  const notes = new Map<string, Uint8Array>();
  let previous: string | null = null;
  for (const [i, number] of standing.entries()) {
    const { night, archiveId, key } = placeOf(practiceId, number);
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
    notes.set(key, utf8(note));
  }
  madeMilliseconds += processorMilliseconds() - start;
  return notes;
}

/** A bucket that makes what it is asked for. A practice is judged when the next one is listed, so one is kept. */
function generatedBucket(): StorageAdapter {
  let kept: { readonly practiceId: string; readonly notes: ReadonlyMap<string, Uint8Array> } | undefined;
  const object = (key: string, size: number): StoredObject => ({ key, size, modifiedAt: new Date(0) });
  return {
    ...createMemoryStorage(),
    async *list() {
      for (let practice = 0; practice < practices; practice += 1) {
        const practiceId = idOf(practice);
        const damage = damageOf(practiceId);
        for (const [i, number] of standing.entries()) {
          if (damage === 'gap' && i === 3) continue;
          if (damage === 'rolled-back' && i > copies - 3) continue;
          const { key } = placeOf(practiceId, number);
          yield object(noteKeyOf(key)!, 1000);
          yield object(key, archive.length - (damage === 'overwritten' && i === 3 ? 1 : 0));
        }
      }
    },
    async *get(noteKey) {
      const key = archiveBeside(noteKey);
      const practiceId = key.slice(0, 6);
      if (kept?.practiceId !== practiceId) kept = { practiceId, notes: notesOf(practiceId) };
      const isForeign = damageOf(practiceId) === 'foreign' && key === placeOf(practiceId, standing[3]!).key;
      // The note of another night in the place of this one's.
      yield kept.notes.get(isForeign ? placeOf(practiceId, standing[2]!).key : key)!;
    },
  };
}

const judged = new Set<string>();
const found = new Map<string, number>();
let notesProven = 0;
let labelMilliseconds = 0;
let resumeMilliseconds = 0;

/** Judges practices until so many are, and says which was the last. */
async function pass(most: number, after?: string): Promise<string> {
  const known = { hq: { number: standing.at(-1)!, hash: sha256 } };
  const bucket = generatedBucket();
  const options = {
    ...(after === undefined ? {} : { after }),
    knownHeads: (id: string) => (damageOf(id) === 'rolled-back' ? known : undefined),
  };
  let last = '';
  for await (const { practiceId, findings, proven } of verifyHistories(bucket, options)) {
    const kinds = findings.map(({ kind }) => kind);
    const damage = damageOf(practiceId);
    const isAsExpected =
      damage === undefined ? kinds.length === 0 && proven.length === copies : kinds.includes(damage);
    if (!isAsExpected || judged.has(practiceId)) {
      throw new Error(`practice ${practiceId} was judged wrongly: ${JSON.stringify(findings)}`);
    }
    // What the second pass did before its first practice, which it had to find in the listing and to judge.
    if (judged.size > 0 && last === '') resumeMilliseconds = processorMilliseconds() - resumeMilliseconds;
    judged.add(practiceId);
    notesProven += proven.length;
    if (damage !== undefined) found.set(damage, (found.get(damage) ?? 0) + 1);
    last = practiceId;
    const from = processorMilliseconds();
    await checkWithoutKey(archive);
    labelMilliseconds += processorMilliseconds() - from;
    if (judged.size % 5000 === 0) process.stderr.write(`${judged.size} practices\n`);
    if (judged.size >= most) break;
  }
  return last;
}

const began = performance.now();
const start = processorMilliseconds();
const half = await pass(Math.ceil(practices / 2));
resumeMilliseconds = processorMilliseconds();
const memoryAtHalf = process.resourceUsage().maxRSS;
await pass(practices, half);
if (judged.size !== practices) throw new Error(`${judged.size} practices were judged`);
const all = processorMilliseconds() - start;
const verifying = all - madeMilliseconds - labelMilliseconds;
const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(1);
const grouped = (count: number): string => count.toLocaleString('en-US');
const mebibytes = (kibibytes: number): string => `${Math.round(kibibytes / 1024)} MiB`;
const text = [
  `| ${grouped(practices)} practices of ${copies} copies, in one process of Node.js ${process.versions.node} | |`,
  '|---|---:|',
  `| notes proven and held against each other | ${grouped(notesProven)} |`,
  `| \`verifyHistories\`, seconds of one processor | ${seconds(verifying)} |`,
  `| of it a note, ms | ${(verifying / notesProven).toFixed(3)} |`,
  `| \`checkWithoutKey\` of the newest archive of each, seconds | ${seconds(labelMilliseconds)} |`,
  `| making and signing the notes, which a vendor has not to do, seconds | ${seconds(madeMilliseconds)} |`,
  `| all of it by the clock, seconds | ${seconds(performance.now() - began)} |`,
  `| most memory half-way, and at the end | ${mebibytes(memoryAtHalf)}, ${mebibytes(process.resourceUsage().maxRSS)} |`,
  `| broken off after practice, gone on with in seconds of one processor | ${half}, ${seconds(resumeMilliseconds)} |`,
  `| damaged practices, all found and no other | ${damages.map((kind) => `${found.get(kind) ?? 0} ${kind}`).join(', ')} |`,
].join('\n');
process.stdout.write(`${text}\n`);
if (values.markdown !== undefined) replaceSection(values.markdown, 'histories', text);
