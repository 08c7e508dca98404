// What touches files, folders, paths and processes, under the Node.js of Windows, and the executable: by Wine,
// where there is one. `npm run test:windows` does more of it, and installs Wine.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/project.js';

test('files, folders, paths and the executable are as good on the Windows of Wine', async (t) => {
  const program = join(projectRoot, 'test', 'windows.mjs');
  const child = spawn(process.execPath, [program, 'win32-x64', '--as-it-is'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  child.stdout.on('data', (text: Buffer) => {
    told += text.toString();
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  const [, reason] = /^SKIPPED: (.*)/.exec(told) ?? [];
  if (reason !== undefined) return t.skip(reason);
  assert.equal(status, 0, told);
  // What was left out there, and why, belongs into the account of this run.
  for (const line of told.split('\n')) if (/^ *﹣|^win32/.test(line)) t.diagnostic(line.trim());
});
