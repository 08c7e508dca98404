import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { UsageError } from '../../src/cli/exit-codes.js';
import { askPassword, readPasswordFromDescriptor } from '../../src/cli/password.js';
import { projectRoot } from '../support/project.js';

test('a password from a descriptor ends before one line break, and may hold anything else', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
  try {
    for (const [written, read] of [
      ['geheim', 'geheim'],
      ['geheim\n', 'geheim'],
      ['geheim\r\n', 'geheim'],
      ['zwei\nZeilen \n\n', 'zwei\nZeilen \n'],
      ['Zähne 🦷', 'Zähne 🦷'],
      ['', ''],
      ['\n', ''],
    ] as const) {
      const file = join(directory, 'password');
      writeFileSync(file, written);
      const descriptor = openSync(file, 'r');
      try {
        assert.equal(new TextDecoder().decode(await readPasswordFromDescriptor(String(descriptor))), read);
      } finally {
        closeSync(descriptor);
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a descriptor that is none is a mistake of usage', async () => {
  for (const wrong of ['987', 'x', '-1', '']) {
    await assert.rejects(readPasswordFromDescriptor(wrong), UsageError);
  }
});

test('without a terminal nobody is asked', async () => {
  const stderr = new PassThrough();
  await assert.rejects(
    askPassword({ stdin: new PassThrough(), stderr, signal: new AbortController().signal }, 'Password: '),
    UsageError,
  );
  assert.equal(stderr.read(), null);
});

// A pseudo-terminal, so that what a person would see on the screen is what is looked at.
const onTerminal = `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b''
typed = False
while True:
    try:
        piece = os.read(fd, 4096)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if not typed and b'Password: ' in seen:
        typed = True
        os.write(fd, sys.stdin.buffer.read())
sys.stdout.buffer.write(seen)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
`;
const python = spawnSync('python3', ['-c', 'import pty']).status === 0;

for (const [what, typed, told] of [
  ['what is typed', 'geheim\r', '6 bytes'],
  ['what is typed and taken back', 'geheimx\u007f\r', '6 bytes'],
  ['Ctrl-C', 'gehei\u0003', 'Interrupted'],
] as const) {
  test(`on a terminal ${what} is never shown`, { skip: python ? false : 'python3 is missing' }, async () => {
    const asking = `
      import { askPassword } from ${JSON.stringify(join(projectRoot, 'dist/src/cli/password.js'))};
      const { stdin, stderr } = process;
      const signal = new AbortController().signal;
      await askPassword({ stdin, stderr, signal }, 'Password: ').then(
        (password) => console.log(\`\${password.length} bytes\`),
        (error) => console.log(error.name),
      );
      stdin.unref();`;
    const child = spawn(
      'python3',
      ['-c', onTerminal, process.execPath, '--input-type=module', '--eval', asking],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    child.stdin.end(typed);
    const seen: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => seen.push(piece));
    await new Promise((resolve) => child.once('close', resolve));
    const screen = Buffer.concat(seen).toString();
    assert.ok(screen.includes(told), JSON.stringify(screen));
    assert.ok(!screen.includes('gehei'), JSON.stringify(screen));
    assert.ok(!screen.includes('*'), JSON.stringify(screen));
  });
}
