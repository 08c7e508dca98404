import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/project.js';

test('the script inside the executable can be made, and runs', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sb-executable-'));
  t.after(() => rm(folder, { recursive: true }));
  const make = [
    join(projectRoot, 'test/package-exe.mjs'),
    '--platform',
    'linux-x64',
    '--bundle',
    '--out',
    folder,
  ];
  execFileSync(process.execPath, make, { stdio: ['ignore', 'ignore', 'inherit'] });
  const told = execFileSync(process.execPath, [join(folder, 'main.cjs'), '--version'], { encoding: 'utf8' });
  assert.match(told, /^\d+\.\d+\.\d+\s*$/);
});
