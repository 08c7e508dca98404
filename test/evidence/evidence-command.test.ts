import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspectArchive } from '../../src/archive/index.js';
import { isBackupError } from '../../src/errors.js';
import { readEvidence } from '../../src/evidence/index.js';
import { runHere } from '../cli/support.js';
import { nightBefore, reportOf } from './sample-facts.js';

describe('what a spool shows', () => {
  let folder: string;
  let spool: string;
  let store: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'supplemental-evidence-'));
    spool = join(folder, 'spool');
    store = join(folder, 'store');
    await mkdir(join(spool, 'reports'), { recursive: true });
    const archive = 'test/vectors/critical.tar.age';
    const { practiceId, createdAt, archiveId } = (await inspectArchive(await readFile(archive))).label!;
    const place = join(store, practiceId, createdAt.slice(0, 10));
    await mkdir(place, { recursive: true });
    await copyFile(archive, join(place, `${archiveId}.tar.age`));
    for (let i = 0; i < 4; i++) {
      const report = { ...reportOf(nightBefore(i)), practiceId };
      await writeFile(join(spool, 'reports', `${report.night}.json`), JSON.stringify(report));
    }
    await writeFile(join(spool, 'reports', `${nightBefore(9)}.json`), '{"night":');
    await writeFile(join(spool, 'reports', `${nightBefore(8)}.json`), '{"night":"<script>"}');
    await writeFile(join(spool, 'reports', 'other.txt'), 'x');
    await mkdir(join(spool, 'reports', `${nightBefore(7)}.json`));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are its reports, and nothing that is none', async () => {
    const { reports, nights } = await readEvidence(spool);
    assert.deepEqual(
      reports.map(({ night }) => night),
      [0, 1, 2, 3].map(nightBefore),
    );
    assert.deepEqual(nights, []);
    await assert.rejects(readEvidence(join(folder, 'nowhere')), (error) =>
      isBackupError(error, 'storage-not-found'),
    );
  });

  it('is written as a page, with what lies in the stores', async () => {
    const out = join(folder, 'page.html');
    const argv = ['evidence', '--spool', spool, '--network-path', store, '--out', out];
    const made = await runHere(argv);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /SHA-256 [0-9a-f]{64}/);
    const page = await readFile(out, 'utf8');
    assert.match(page, /Backup evidence of practice/);
    assert.match(page, /4 nights from/);
    assert.match(page, /Who can open the copies/);
    // What is there already stays.
    assert.notEqual((await runHere(argv)).code, 0);
  });

  it('is written for all practices of a store', async () => {
    const made = await runHere(['evidence', '--fleet', store, '--out', '-']);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /Backup evidence of 1 practice</);
    assert.match(made.stdout, /the newest copy is old/);
    const [practice] = await readdir(store);
    const [night] = await readdir(join(store, practice!));
    const note = join(store, practice!, night!, `${'0'.repeat(32)}.note`);
    await writeFile(note, 'not a note');
    const told = await runHere(['evidence', '--fleet', store, '--out', '-']);
    await rm(note);
    assert.match(told.stdout, /The note beside \S+ cannot be read, so anybody may have made the archive\./);
    assert.equal((await runHere(['evidence', '--fleet', store, '--spool', spool, '--out', '-'])).code, 2);
  });
});
