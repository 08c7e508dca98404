import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decryptArchive } from '../../src/archive/index.js';
import { listBackups } from '../../src/history/list-backups.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { diskFolder } from '../support/disk.js';
import { rememberScrypt } from '../support/project.js';
import { anyKind, describeOnEachServer, type TestServer } from '../support/servers.js';
import { buildSmallPractice, practiceAdminPassword } from './support/small-practice.js';

const program = fileURLToPath(new URL('./support/killable-night.js', import.meta.url));
/** More of them make a soak: `KILLED_NIGHTS=200 node test/run.mjs nightly/killed`. */
const moments = Number(process.env['KILLED_NIGHTS'] ?? 8);
const kinds = [anyKind('mariadb')];

function killedNights(server: () => TestServer): void {
  const database = 'night_killed';
  let folder = '';
  before(async () => {
    await buildSmallPractice(server(), database);
    folder = await mkdtemp(join(diskFolder(), 'sb-killed-'));
    for (const name of ['share', 'hq']) await mkdir(join(folder, name));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Runs a night and kills it so many milliseconds after so many events; to its end without. */
  async function night(kill?: { readonly event: number; readonly delay: number }) {
    const places = {
      address: { ...server().address, database },
      spool: join(folder, 'spool'),
      share: join(folder, 'share'),
      hq: join(folder, 'hq'),
    };
    const child = spawn(process.execPath, [...rememberScrypt, program, JSON.stringify(places)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let events = 0;
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    child.stdout.on('data', (text: Buffer) => {
      const before = events;
      events += text.toString().split('\n').length - 1;
      if (kill !== undefined && before < kill.event && events >= kill.event) {
        void pause(kill.delay).then(() => child.kill('SIGKILL'));
      }
    });
    const exit = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { exit, events, errors };
  }

  /** Every file anywhere in the test's folder. */
  async function files(): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  const known = new Set<string>();
  async function assertNothingWrong(): Promise<void> {
    for (const name of ['hq', 'share']) {
      const store = createFileSystemStorage({ path: join(folder, name) });
      for (const { key, label } of await listBackups(store)) {
        assert.ok(label !== null, `${key} is no archive`);
        // Opening one costs a third of a second.
        if (known.has(name + key)) continue;
        known.add(name + key);
        // What has a final name is whole, to its last byte.
        let isWhole = false;
        for await (const part of decryptArchive(store.get(key), { password: practiceAdminPassword })) {
          isWhole = part.kind === 'summary';
        }
        assert.ok(isWhole, `${key} is not whole`);
      }
    }
    for (const path of await files()) {
      const bytes = await readFile(path).catch(() => Buffer.alloc(0));
      for (const plain of ['Family 499', 'FamilyName', 'CREATE TABLE', 'column_name']) {
        assert.ok(!bytes.includes(plain), `${path} holds ${plain}`);
      }
    }
  }

  it('R2, F6: leave nothing half-done under a final name, nothing readable on the disk, and the next one succeeds', async () => {
    const whole = await night();
    assert.equal(whole.exit, 0, whole.errors);
    // Over the whole length of a night, in between two events too.
    let killed = 0;
    for (let i = 0; i < moments; i++) {
      const event = 1 + Math.floor((i * whole.events) / moments);
      const { exit } = await night({ event, delay: (i * 7) % 23 });
      if (exit === null) killed++;
      await assertNothingWrong();
    }
    assert.ok(killed > moments / 2, `${killed} of ${moments} nights were killed`);
    const next = await night();
    assert.equal(next.exit, 0, next.errors);
    await assertNothingWrong();
    const left = (await files()).filter((path) =>
      /\.part(ial)?$|\.new|running\.lock|spool\/.*tar\.age/.test(path),
    );
    assert.deepEqual(left, []);
  });
}

describeOnEachServer('nights that are killed at any moment', killedNights, { kinds });
