import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { describe, it } from 'node:test';
import { collectBytes } from '../../src/bytes.js';
import { replaceFile } from '../../src/files/replace-file.js';
import { createFileLogger } from '../../src/nightly/log/file-logger.js';
import { acquireGuard } from '../../src/nightly/run/guard.js';
import { Spool } from '../../src/nightly/run/spool.js';
import { checkPathHere } from '../../src/nightly/settings/check-network-path.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { diskFolder } from '../support/disk.js';

const notOfWindows = sep === '\\' ? false : 'needs paths with drives and servers';
/** A folder that another name of Windows leads to, such as `\\server\share`. */
const share = process.env['SUPPLEMENTAL_BACKUP_TEST_SHARE'];
const noShare = share === undefined ? 'SUPPLEMENTAL_BACKUP_TEST_SHARE names no share' : false;
const longName = join(...Array.from({ length: 3 }, (_, i) => String(i).repeat(100)));

describe('a path', () => {
  const cases: readonly (readonly [string, (folder: string) => string, string | false])[] = [
    ['of more than 300 characters', (folder) => join(folder, longName), false],
    ['with a separator at its end', (folder) => `${folder}${sep}`, false],
    ['with two separators at its end', (folder) => `${folder}${sep}${sep}`, false],
    ['with the other separator', (folder) => folder.replaceAll('\\', '/'), false],
    ['with spaces and letters of many languages', (folder) => join(folder, 'Praxis Dr. Müller 歯科'), false],
    ['in other letters', (folder) => folder.toUpperCase(), notOfWindows],
    ['that Windows is told to take as it is', (folder) => `\\\\?\\${folder}`, notOfWindows],
    ['of a server', () => join(share ?? '', 'practice'), notOfWindows || noShare],
    ['of a server, of more than 300 characters', () => join(share ?? '', longName), notOfWindows || noShare],
  ];
  for (const [name, pathOf, skip] of cases) {
    it(`${name} is one for copies, a spool, a log and small files`, { skip }, async (t) => {
      const folder = await mkdtemp(join(diskFolder(), 'sb-path-'));
      t.after(() => rm(folder, { recursive: true }));
      const path = pathOf(folder);
      await mkdir(path, { recursive: true });
      t.after(() => rm(path, { recursive: true, force: true }));
      await checkPathHere(path);
      const store = createFileSystemStorage({ path, ownProcess: name.includes('server') });
      const key = '4711/2026-01-01/copy.tar.age';
      for (const ifAbsent of [true, false])
        await store.put(key, replayableBytes(Buffer.from('x')), { ifAbsent });
      assert.equal((await collectBytes(store.get(key))).length, 1);
      const keys = [];
      for await (const object of store.list('4711/')) keys.push(object.key);
      assert.deepEqual(keys, [key]);
      await store.delete(key);
      assert.deepEqual(await readdir(path), []);
      const spool = new Spool(join(path, 'spool'), 0);
      await spool.prepare();
      const guard = await acquireGuard(spool.folder);
      await assert.rejects(acquireGuard(spool.folder), { code: 'already-running' });
      await guard.release();
      const log = join(path, 'logs', 'a.log');
      for (const line of ['first', 'second']) createFileLogger({ path: log, maxBytes: 40 }).info(line);
      assert.deepEqual(await readdir(join(path, 'logs')), ['a.log', 'a.log.1']);
      await replaceFile(join(path, 'small'), 'old');
      await replaceFile(join(path, 'small'), 'new');
      assert.equal(await readFile(join(path, 'small'), 'utf8'), 'new');
    });
  }
});
