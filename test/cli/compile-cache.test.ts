import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import module from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sb-compiled-'));

function versionWith(cache: string): string {
  const env = { ...process.env, XDG_CACHE_HOME: cache, NODE_COMPILE_CACHE: undefined };
  const { stdout } = spawnSync(process.execPath, [main, '--version'], {
    env,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return stdout;
}

describe('what Node.js has compiled', () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  // Node.js itself tries for ever where a folder that is there takes no other.
  for (const nowhere of ['/proc', '/dev/null', join(folder, 'not', 'there')]) {
    it(`is not kept where nothing can be made, and the program starts all the same: ${nowhere.replace(folder, '…')}`, () => {
      assert.match(versionWith(nowhere), /^\d+\.\d+\.\d+\n$/);
    });
  }

  it('is kept below the caches of the user where Node.js can do that', () => {
    assert.match(versionWith(folder), /^\d/);
    assert.equal(existsSync(join(folder, 'supplemental-backup', 'compiled')), 'enableCompileCache' in module);
  });
});
