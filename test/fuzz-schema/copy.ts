import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decryptAge } from '../../src/archive/age/index.js';
import { collectBytes } from '../../src/bytes.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { exportSql } from '../../src/recovery/export/sql.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { unpackTar } from '../archive/support/unpack-tar.js';
import { type Sealed, seal } from '../recovery/seal.js';
import { type FuzzCase, quoted } from './model.js';
import { load, run } from './vendor.js';

/** A step of ours that did not do what was asked. */
export class CopyFailed extends Error {
  override readonly name = 'CopyFailed';
  readonly step: string;

  constructor(step: string, cause: unknown) {
    super(`${step} failed`, { cause });
    this.step = step;
  }
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CopyFailed(name, error);
  }
}

/**
 * What is copied from where to where; `createTarget` makes the empty target for a script that names no
 * database.
 */
export interface Copying {
  readonly made: FuzzCase;
  readonly source: DatabaseAddress;
  readonly target: DatabaseAddress;
  readonly adapt: boolean;
  readonly createTarget: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Copies a database the way its case says. @throws CopyFailed */
export async function copyDatabase(copying: Copying): Promise<void> {
  const { made, source, target, adapt, signal, createTarget } = copying;
  const options = { connections: made.connections, method: made.method, adapt, signal };
  if (made.route === 'stream') {
    const { missing } = await step('dump and restore', () =>
      restoreDatabase(dumpDatabase(source, { signal }), target, options),
    );
    // It says that rows which came as a stream cannot be compared, and what to do: so do we.
    if (missing.every(({ code }) => code !== 'restore-changed-data')) return;
    await tryAll(target, [`DROP DATABASE IF EXISTS ${quoted(target.database!)}`]);
  }
  const sealed = await step('backup', () => seal(source, { connections: made.connections, signal }));
  switch (made.route) {
    case 'some-tables':
      await step('restore of some tables', async () =>
        restoreDatabase(await sealed.open(), target, { ...options, tables: made.some }),
      );
      return;
    case 'sql':
      await createTarget();
      await step('extract', async () => loadScript(target, await sqlScript(sealed, signal)));
      return;
    case 'reader':
      await createTarget();
      await step('reader.py', async () => loadScript(target, await readerScript(sealed)));
      return;
    case 'resumed':
      if (await breakOff(sealed, target, options, made.breakAfter)) return;
      await step('restore after a break', async () => restoreDatabase(await sealed.open(), target, options));
      return;
    case 'killed':
      if (await killRestore(sealed, target, made.breakAfter * 60)) return;
      await step('restore after a kill', async () => restoreDatabase(await sealed.open(), target, options));
      return;
    default:
      await step('restore', async () => restoreDatabase(await sealed.open(), target, options));
  }
}

async function loadScript(target: DatabaseAddress, script: Buffer): Promise<void> {
  const { complaints } = await load(target, script);
  if (complaints.length > 0) throw new Error(complaints[0]);
}

async function sqlScript(sealed: Sealed, signal: AbortSignal): Promise<Buffer> {
  const reader = await sealed.open();
  const tables = reader.manifest.tables.map(({ name }) => name);
  const pieces: Buffer[] = [];
  for await (const piece of exportSql(reader, {
    tables,
    objects: true,
    events: 'as-found',
    signal,
    onRows: () => undefined,
  })) {
    pieces.push(typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

async function readerScript({ bytes, identities }: Sealed): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-fuzz-'));
  try {
    const tar = await collectBytes(decryptAge([bytes], { identities: [...identities] }));
    await unpackTar([tar], folder);
    const { output, complaints } = await run(
      'python3',
      ['reader.py', '--events-as-found'],
      undefined,
      folder,
    );
    const failed = complaints.findLast((line) => /Traceback|Error:/.test(line));
    if (failed !== undefined) throw new Error(failed);
    return output;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns whether it was done before the break */
async function breakOff(
  sealed: Sealed,
  target: DatabaseAddress,
  options: { readonly signal: AbortSignal; readonly adapt: boolean; readonly connections: number },
  after: number,
): Promise<boolean> {
  const stop = new AbortController();
  let calls = 0;
  const onProgress = (): void => {
    calls += 1;
    if (calls === after) stop.abort(new Error('broken off'));
  };
  const signal = AbortSignal.any([stop.signal, options.signal]);
  try {
    await restoreDatabase(await sealed.open(), target, { ...options, onProgress, signal });
    return true;
  } catch (error) {
    options.signal.throwIfAborted();
    if (!stop.signal.aborted) throw new CopyFailed('restore', error);
    return false;
  }
}

/** @returns whether it was done before the kill */
async function killRestore(sealed: Sealed, target: DatabaseAddress, milliseconds: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-fuzz-'));
  const path = join(folder, 'archive');
  writeFileSync(path, sealed.bytes);
  const script = fileURLToPath(new URL('../recovery/restore-child.js', import.meta.url));
  const child = spawn(process.execPath, [script, path, sealed.identities[0]!, JSON.stringify(target)], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await delay(250 + milliseconds);
  child.kill('SIGKILL');
  const [code] = (await ended) as [number | null];
  rmSync(folder, { recursive: true, force: true });
  return code === 0;
}

/** Runs statements without a database; each may fail. */
export async function tryAll(address: DatabaseAddress, statements: readonly string[]): Promise<void> {
  const { database: _, ...server } = address;
  const connection = await openConnection(server);
  try {
    await connection.queryEach(statements);
  } finally {
    await connection.close();
  }
}
