import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { projectRoot } from '../support/project.js';
import { mountSmallDisk, whyNoSmallDisk } from '../support/small-disk.js';
import { runHere } from './support.js';
import { onTerminal, whyNoTerminal } from './terminal.js';
import { fillWithTwoPractices, springPassword, summerPassword, type TwoPractices } from './two-practices.js';

const skip = whyNoTerminal ?? false;
/** A path of more than a line is not broken. */
const isTooWide = (line: string): boolean => line.length > 80 && line.includes(' ');

describe('what support sees on a terminal', { skip }, () => {
  let root: string;
  let two: TwoPractices;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 's-'));
    two = await fillWithTwoPractices(root);
  });
  after(() => rm(root, { recursive: true, force: true }));

  for (const [columns, rows] of [
    [80, 24],
    [120, 40],
  ] as const) {
    it(`30 archives of two practices, two of them bad, on ${columns} × ${rows}`, async () => {
      const { code, lines } = await onTerminal(['list', root, '--ask'], {
        columns,
        rows,
        answers: [['all of them: ', `${summerPassword}\r`]],
      });
      assert.equal(code, 4);
      const text = lines.join('\n');
      assert.match(text, /^Practice 0815, database opendental: 12 archives, newest first$/m);
      assert.match(text, /^Practice 4711, database opendental: 15 archives, newest first$/m);
      assert.match(
        text,
        /^ {2}2026-03-15 {2}made 2026-03-15 07:30 CDT, whole database, [\d.]+ kB, opened by Ada$/m,
      );
      assert.match(text, /^Could not be read \(2\):$/m);
      assert.ok(text.includes(two.cut) && text.includes(two.foreign), text);
      const newest = two.summer.at(-1)!;
      assert.ok(text.includes(`  supplemental-backup restore ${newest} --target `), text);
      assert.ok(!text.includes(summerPassword), 'what is typed is never shown');
      // What is to be copied stays whole; everything else fits.
      const long = lines.filter(
        (line) => line.length > columns && !/^ +(\/|supplemental-backup )/.test(line),
      );
      assert.match(text, /^ The password does not open:$/m);
      assert.match(text, /^ The password opens:$/m);
      assert.equal(text.match(/--newer/g)?.length, 1, 'said once, not with each archive');
      assert.deepEqual(long, []);
    });
  }

  it('today’s password on an older archive: the newer one beside it is found, and used', async () => {
    const { code, lines } = await onTerminal(['verify', two.spring[1]!], {
      answers: [['or newer): ', `${summerPassword}\r`]],
    });
    const text = lines.join('\n');
    assert.equal(code, 0, text);
    assert.match(text, /^Password of Ada \(as of 2026-03-02 or newer\):/m);
    assert.match(text, /This is a newer password. It opens this archive with --newer/);
    assert.match(text, /^As of +20\d\d-\d\d-\d\d \d\d:\d\d C[DS]T$/m);
  });

  it('a wrong password: three tries, what to look at, and at the end the options that help', async () => {
    const { code, lines } = await onTerminal(['verify', two.spring[1]!], {
      answers: [
        ['or newer): ', 'SPRING MEADOW\r'],
        ['try 2 of 3): ', '\r'],
        ['try 3 of 3): ', 'spring meadwo\r'],
      ],
    });
    const text = lines.join('\n');
    assert.equal(code, 3, text);
    assert.match(text, /It needs the password of Ada of 2026-03-02/);
    assert.match(text, /Is Caps Lock on\? Is the keyboard set to the layout of the office/);
    assert.match(text, /The password is empty/);
    assert.match(text, /--newer NEWER-ARCHIVE/);
    assert.doesNotMatch(text, /SPRING|meadwo/);
    assert.deepEqual(lines.filter(isTooWide), []);
  });

  it('the third try may be the right one', async () => {
    const { code } = await onTerminal(['verify', two.spring[1]!], {
      answers: [
        ['or newer): ', 'a\r'],
        ['try 2 of 3): ', 'b\r'],
        ['try 3 of 3): ', `${springPassword}\r`],
      ],
    });
    assert.equal(code, 0);
  });

  it('files that are cut, changed or something else are told apart', async () => {
    const bytes = await readFile(two.summer[0]!);
    bytes[bytes.length - 100]! ^= 1;
    const changed = join(root, 'changed.bin');
    await writeFile(changed, bytes);
    for (const [path, told] of [
      [changed, /damaged/i],
      [two.cut, /damaged|early/i],
      [two.foreign, /does not start like an age file/],
    ] as const) {
      const { code, lines } = await onTerminal(['verify', path], {
        answers: [['or newer): ', `${summerPassword}\r`]],
      });
      assert.equal(code, 4);
      assert.match(lines.join(' '), told);
      assert.deepEqual(lines.filter(isTooWide), []);
    }
  });

  it('Ctrl-C at the password says where it stands', async () => {
    const { code, lines } = await onTerminal(['verify', two.spring[1]!], {
      answers: [['or newer): ', '\u0003']],
    });
    assert.equal(code, 130);
    assert.match(
      lines.join('\n'),
      /Stopped\. The archive was not read to its end, so nothing is proven\. Run/,
    );
  });
});

describe('a disk that is full', { skip: whyNoSmallDisk() ?? false }, () => {
  it('is told by name; what was written in the clear is removed or named, also behind stdout', async (t) => {
    const root = await mkdtemp(join(tmpdir(), 'sb-full-'));
    t.after(() => rm(root, { recursive: true }));
    const { summer } = await fillWithTwoPractices(root);
    const disk = await mountSmallDisk(256 * 1024);
    t.after(() => disk.stop());
    const extract = (format: string, out: string, ...more: string[]) =>
      runHere(['extract', summer[0]!, '--format', format, '--out', out, '--password-fd', '3', ...more], {
        password: summerPassword,
      });
    await disk.fill(4096);
    for (const format of ['tar', 'sql']) {
      const out = join(disk.path, format);
      const { code, stderr } = await extract(format, out);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /^The disk of .* is full \(ENOSPC\)\. The incomplete file was removed\./m);
      const told = JSON.parse((await extract(format, out, '--json')).stdout) as { error: { code: string } };
      assert.equal(told.error.code, 'storage-full');
      assert.deepEqual(await readdir(out), []);
    }
    const page = join(disk.path, 'opener.html');
    const opener = await runHere(['opener', '--out', page]);
    assert.match(opener.stderr, /is full \(ENOSPC\)/);
    const key = await runHere(['keygen', '--out', join(disk.path, 'none', 'key.txt')]);
    assert.match(key.stderr, /There is no folder/);
    // Reports and sheets, and the file that says which kits there are.
    const kit = (spool: string, out: string): readonly string[] => [
      ...['kit', 'create', '--spool', spool, '--practice', 'P', '--owner', 'Ada', '--out', out],
    ];
    const kits = join(root, 'kits');
    await mkdir(kits);
    await disk.relieve();
    await disk.fill();
    for (const words of [
      ['evidence', '--fleet', root, '--out', page],
      kit(kits, page),
      kit(disk.path, join(root, 'kit.html')),
      ['keygen', '--out', join(disk.path, 'key.txt')],
    ]) {
      const told = await runHere([...words, '--json']);
      const { error } = JSON.parse(told.stdout) as { error: { code: string; message: string } };
      assert.equal(error.code, 'storage-full', words.join(' '));
      assert.ok(error.message.includes(disk.path), error.message);
    }
    const left = (await runHere(['kit', 'list', '--spool', kits])).stdout;
    assert.match(left, /; revoked on /, 'no kit whose words nobody has waits to be confirmed');
    assert.deepEqual((await readdir(disk.path)).sort(), ['of-somebody-else', 'sql', 'tar']);
    await mkdir(join(root, 'empty'));
    // A report that goes to a disk without room, as behind `>`.
    const { code, stderr } = await toFullDevice(['inspect', summer[0]!, '--json']);
    assert.equal(code, 1);
    assert.match(stderr, /The output could not be written: the disk is full \(ENOSPC\)/);
  });
});

async function toFullDevice(
  argv: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli/main.js'), ...argv], {
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  let stderr = '';
  child.stderr!.on('data', (piece: Buffer) => {
    stderr += piece.toString();
  });
  return { code: await new Promise((resolve) => child.once('close', resolve)), stderr };
}
