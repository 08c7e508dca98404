// `npm run pack:twice [-- DIR]`: builds and packs what is committed two times, each from a clone of its own,
// and compares the bytes. The package and its SHA-256 go to DIR. So whoever has the source can make the same
// package and hold it against the published one.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
const run = (cwd, program, ...words) =>
  execFileSync(program, words, {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
  });
try {
  const [one, two] = ['one', 'another-place'].map((name) => {
    const clone = join(work, name);
    run(work, 'git', 'clone', '--quiet', '--no-hardlinks', root, clone);
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'), 'junction');
    run(clone, 'npm', 'run', '--silent', 'build');
    run(clone, 'npm', 'pack', '--silent', '--ignore-scripts');
    const packed = readdirSync(clone).find((file) => file.endsWith('.tgz'));
    return { name: packed, bytes: readFileSync(join(clone, packed)) };
  });
  const sha256 = createHash('sha256').update(one.bytes).digest('hex');
  if (!one.bytes.equals(two.bytes)) throw new Error(`${one.name} is not the same when it is made twice`);
  console.log(`${one.name}: ${one.bytes.length} bytes, made twice with the same bytes\nSHA-256 ${sha256}`);
  const [out] = process.argv.slice(2);
  if (out !== undefined) {
    mkdirSync(resolve(out), { recursive: true });
    writeFileSync(join(resolve(out), one.name), one.bytes);
    writeFileSync(join(resolve(out), `${one.name}.sha256`), `${sha256}  ${one.name}\n`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
