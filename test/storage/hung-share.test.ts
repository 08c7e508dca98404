import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import { Spool } from '../../src/nightly/run/spool.js';
import { startNightly } from '../../src/nightly/service/start-nightly.js';
import { checkNetworkPath, lookAtNetworkPath } from '../../src/nightly/settings/check-network-path.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { lookApart } from '../../src/storage/file-system/apart/look-apart.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { eligiblePractice } from '../nightly/support/night.js';
import { type Share, startShare, whyNoShare } from '../support/share.js';

const bytes = Buffer.alloc(2 * 1024 * 1024, 'x');
const missing = whyNoShare();

async function keysOf(storage: StorageAdapter, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list('', { signal })) keys.push(key);
  return keys;
}

const operations: Readonly<
  Record<string, (storage: StorageAdapter, signal?: AbortSignal) => Promise<unknown>>
> = {
  put: (storage, signal) => storage.put('p/b', replayableBytes(bytes), { ifAbsent: true, signal }),
  get: (storage, signal) => collectBytes(storage.get('p/a', { signal })),
  // Of another name each time: of one it has just told, the system answers by itself.
  stat: (storage, signal) => storage.stat(`p/${randomUUID()}`, { signal }),
  list: keysOf,
  delete: (storage, signal) => storage.delete('p/c', { signal }),
};

/** A sealed copy that waits for the network path. */
async function sealedCopyIn(spool: string): Promise<void> {
  const archiveId = 'ab'.repeat(16);
  const file = `${archiveId}.tar.age`;
  const sealed = Buffer.from('sealed');
  await writeFile(join(spool, file), sealed);
  await new Spool(spool, 0).noteTicket({
    destination: 'local',
    file,
    copy: {
      archiveId,
      key: `4711/2026-07-13/${file}`,
      night: '2026-07-13',
      scope: 'full',
      bytes: sealed.length,
      sha256: createHash('sha256').update(sealed).digest('hex'),
      tables: 1,
      rows: 1,
      plainBytes: 1,
      leftOut: [],
    },
  });
}

describe('a share that hangs', { skip: missing }, () => {
  let share: Share;
  let storage: StorageAdapter;
  before(async () => {
    share = await startShare();
    storage = createFileSystemStorage({ path: share.path, silence: 2000 });
    await storage.put('p/a', replayableBytes(bytes));
  });
  afterEach(() => share.goOn());
  after(() => share.stop());

  it('is given up by every operation after the silence, as a passing failure', async () => {
    await storage.stat('p/a');
    share.hang();
    const start = performance.now();
    const checks = Object.entries(operations).map(async ([name, operation]) => {
      await assert.rejects(operation(storage), (error) => isBackupError(error, 'storage-transient'), name);
      const took = performance.now() - start;
      assert.ok(took >= 2000 && took < 15_000, `${name}: ${took} ms`);
    });
    await Promise.all(checks);
  });

  it('lets every operation end at once by its signal', async () => {
    const patient = createFileSystemStorage({ path: share.path });
    await patient.stat('p/a');
    share.hang();
    const stop = new AbortController();
    const start = performance.now();
    const checks = Object.entries(operations).map(async ([name, operation]) => {
      await assert.rejects(operation(patient, stop.signal), /enough/u, name);
      assert.ok(performance.now() - start < 4000, name);
    });
    setTimeout(() => stop.abort(new Error('enough')), 300);
    await Promise.all(checks);
  });

  it('holds up no other file of this process, however many calls hang', async () => {
    await storage.stat('p/a');
    share.hang();
    const hanging = Array.from({ length: 8 }, () =>
      storage.stat(`p/${randomUUID()}`).catch((error: unknown) => error),
    );
    await stat(tmpdir());
    const failures = await Promise.all(hanging);
    assert.ok(failures.every((error) => isBackupError(error, 'storage-transient')));
  });

  it('that begins to hang in the middle of a copy is given up, and nothing half-written shows afterwards', async () => {
    const large = bytes.length * 20;
    const source = {
      size: large,
      async *open() {
        for (let i = 0; i < 20; i += 1) {
          if (i === 5) share.hang();
          yield bytes;
        }
      },
    };
    await assert.rejects(storage.put('p/large', source), (error) =>
      isBackupError(error, 'storage-transient'),
    );
    share.goOn();
    assert.deepEqual(await keysOf(storage), ['p/a']);
    await storage.put('p/d', replayableBytes(bytes));
    await storage.delete('p/d');
    assert.deepEqual(await readdir(share.served), ['p'], 'the next put tidies up');
  });

  it('that begins to hang in the middle of a reading is given up', async () => {
    const got: Uint8Array[] = [];
    await assert.rejects(
      async () => {
        for await (const chunk of storage.get('p/a')) {
          if (got.length === 0) share.hang();
          got.push(chunk);
        }
        // What was read ahead may have been all of it.
        await storage.stat('p/unread');
      },
      (error) => isBackupError(error, 'storage-transient'),
    );
    assert.ok(bytes.subarray(0, Buffer.concat(got).length).equals(Buffer.concat(got)));
  });

  it('is told by the check of a network path, and holds up no other file meanwhile', async () => {
    await lookAtNetworkPath(share.path);
    await checkNetworkPath(share.path);
    const probes = (await readdir(share.served)).filter((name) => name.endsWith('.probe'));
    assert.deepEqual(probes, [], 'nothing of the check stays');
    share.hang();
    const checked = lookApart(share.path, true, 1000);
    await stat(tmpdir());
    assert.deepEqual(await checked, { trouble: 'silent' });
  });

  it('keeps no service from ending within five seconds of its signal', async () => {
    const spool = await mkdtemp(join(tmpdir(), 'sb-hung-'));
    const plan: NightPlan = {
      practiceId: '4711',
      practice: { ...eligiblePractice, networkPath: share.path },
      database: { user: 'backup', host: '127.0.0.1', port: 1, database: 'opendental' },
      timeZone: 'UTC',
      spool,
      spoolReserveBytes: 0,
      local: { retry: { retries: 0 } },
    };
    await sealedCopyIn(spool);
    share.hang();
    const stop = new AbortController();
    let isPlanned = (): void => undefined;
    const planned = new Promise<void>((resolve) => {
      isPlanned = resolve;
    });
    // HQ wants its copy now: what waits in the spool is sent at once, to a share that does not answer.
    const schedule = { hqTime: new Date(Date.now() + 1000) };
    const serving = startNightly(plan, { signal: stop.signal, schedule, onPlanned: isPlanned });
    await planned;
    await delay(2500);
    const start = performance.now();
    stop.abort();
    await serving;
    assert.ok(performance.now() - start < 5000, `${performance.now() - start} ms`);
    assert.ok(
      (await readdir(spool)).some((name) => name.endsWith('.tar.age')),
      'it is sent another time',
    );
    share.goOn();
    await rm(spool, { recursive: true });
  });

  it('keeps no program from ending', async () => {
    const program = `
      import { createFileSystemStorage } from ${JSON.stringify(new URL('../../src/index.js', import.meta.url))};
      const storage = createFileSystemStorage({ path: ${JSON.stringify(share.path)} });
      await storage.stat('p/a');
      process.stdout.write('ready');
      process.stdin.once('data', async () => {
        const stop = AbortSignal.timeout(200);
        await storage.stat('p/of-the-program', { signal: stop }).catch(() => process.stdout.write(' stopped'));
        process.stdin.destroy();
      });`;
    const child = execFile(process.execPath, ['--input-type=module', '-e', program]);
    let told = '';
    child.stdout?.on('data', (text: string) => {
      told += text;
      if (told !== 'ready') return;
      share.hang();
      child.stdin?.write('go on');
    });
    const start = performance.now();
    const code = await new Promise((resolve) => child.once('exit', resolve));
    assert.deepEqual([code, told], [0, 'ready stopped']);
    assert.ok(performance.now() - start < 30_000);
  });

  it('serves again when it answers again', async () => {
    share.hang();
    await assert.rejects(storage.stat('p/unseen'), (error) => isBackupError(error, 'storage-transient'));
    share.goOn();
    assert.equal((await storage.stat('p/a'))?.size, bytes.length);
    assert.deepEqual(Buffer.from(await collectBytes(storage.get('p/a'))), bytes);
  });
});
