import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { replaceFile } from '../../src/files/replace-file.js';
import { diskFolder } from '../support/disk.js';
import { noLinks, noModes } from '../support/needs.js';

describe('a small file that is replaced', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(diskFolder(), 'sb-replace-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is written anew where one was left half done, for its owner alone', { skip: noModes }, async () => {
    const path = join(folder, 'a');
    await writeFile(`${path}.new`, 'half', { mode: 0o666 });
    await replaceFile(path, 'whole');
    assert.equal(await readFile(path, 'utf8'), 'whole');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('is not written through a link that somebody put in its way', { skip: noLinks }, async () => {
    const path = join(folder, 'a');
    await writeFile(join(folder, 'precious'), 'as it was');
    await symlink(join(folder, 'precious'), `${path}.new`);
    await replaceFile(path, 'whole');
    assert.equal(await readFile(path, 'utf8'), 'whole');
    assert.equal(await readFile(join(folder, 'precious'), 'utf8'), 'as it was');
  });

  it('stays as it was, with a typed error, where a folder is in the way', async () => {
    const path = join(folder, 'a');
    await replaceFile(path, 'as it was');
    await mkdir(`${path}.new`);
    await assert.rejects(replaceFile(path, 'new'), (error) => isBackupError(error, 'storage-permanent'));
    assert.equal(await readFile(path, 'utf8'), 'as it was');
  });
});
