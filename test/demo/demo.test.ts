import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { practiceAdminPassword } from '../practice/index.js';
import { whyMissing } from '../support/servers.js';

const demo = fileURLToPath(new URL('./main.js', import.meta.url));
const anyServer = ['env', 'mariadb', 'mysql', 'mysql-5.6'] as const;
const missing = anyServer.every((kind) => whyMissing(kind) !== undefined) ? 'no database server' : false;

describe('npm run demo', { skip: missing }, () => {
  it('backs a practice up, loses it, refuses a wrong password, and brings every table back', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sb-demo-test-'));
    try {
      const kept = join(folder, 'kept');
      const run = spawnSync(process.execPath, [demo, '--size', '3MB', '--keep', kept], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      assert.equal(run.status, 0, run.stderr);
      assert.match(run.stdout, /every copy that was due is stored and verified/);
      assert.match(run.stderr, /The password does not open this archive/);
      assert.match(run.stdout, /Refused with exit code 3/);
      assert.match(run.stdout, /424 of 424 tables are equal/);
      assert.ok(!run.stdout.includes(practiceAdminPassword));
      for (const place of ['network-share', 'hq-store']) {
        assert.equal(
          readdirSync(join(kept, place), { recursive: true })
            .join()
            .match(/tar\.age/g)?.length,
          1,
        );
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('explains itself', () => {
    const help = spawnSync(process.execPath, [demo, '--help'], { encoding: 'utf8' });
    assert.match(help.stdout, /--size SIZE/);
    const wrong = spawnSync(process.execPath, [demo, '--size', 'huge'], { encoding: 'utf8' });
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /--size takes a size/);
  });
});
