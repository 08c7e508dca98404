import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { decryptAge } from '../../../src/archive/age/decrypt.js';
import { type DecryptArchiveOptions, decryptArchive } from '../../../src/archive/decrypt-archive.js';
import { inspectArchive } from '../../../src/archive/inspect-archive.js';
import { openArchive } from '../../../src/archive/open-archive.js';
import { unlockChain, unlockLabel } from '../../../src/archive/unlock.js';
import { rangesOfBytes } from '../../../src/bytes.js';
import { isBackupError } from '../../../src/errors.js';
import { collect } from '../support/parts.js';
import { projectRoot } from '../support/reader-script.js';
import { unpackTar } from '../support/unpack-tar.js';
import { render } from './render.js';
import type { Vector } from './vector.js';

const hasPython = spawnSync('python3', ['--version']).status === 0;

// Renders rows as `render` does, with nothing of ours but reader.py, whose folder is the argument.
const renderWithPython = `
import gzip, json, struct, sys
sys.path.insert(0, sys.argv[1])
import reader
def show(value, form):
    if value is None or isinstance(value, bytes):
        return value if value is None else value.hex()
    if form[0] == 'f':
        code = 'f' if form == 'f32' else 'd'
        return str(int.from_bytes(struct.pack('<' + code, value), 'little'))
    return str(value % (1 << int(form[1:])))
tables = []
for summary in json.load(open('manifest.json'))['tables']:
    folder = 'tables/%04d/' % summary['index']
    forms = [c['form'] for c in json.load(open(folder + 'table.json'))['columns'] if c['form']]
    rows = []
    for sequence in range(1, summary['parts'] + 1):
        data = gzip.open(folder + '%06d.cols.gz' % sequence).read()
        count, values = reader.columns(data, forms)
        rows += zip(*values) if values else [()] * count
    tables.append([[show(value, form) for value, form in zip(row, forms)] for row in rows])
print(json.dumps(tables))
`;

const place = join(projectRoot, 'test', 'vectors');
const names = readdirSync(place)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace(/\.json$/, ''));

describe('archives of every version so far', () => {
  for (const name of names) {
    const vector = JSON.parse(readFileSync(join(place, `${name}.json`), 'utf8')) as Vector;
    const bytes = new Uint8Array(readFileSync(join(place, `${name}.tar.age`)));
    const keys: DecryptArchiveOptions[] = [
      ...(vector.identities ?? []).map((identity) => ({ identities: [identity] })),
      ...(vector.passwords ?? []).map((password) => ({ password })),
    ];

    it(`${name}: ${vector.what}`, async () => {
      assert.deepEqual((await inspectArchive(bytes)).label, vector.label);
      assert.ok(keys.length > 0);
      for (const key of keys) {
        assert.deepEqual(await render(decryptArchive(bytes, key)), vector.content);
        const reader = await openArchive(rangesOfBytes(bytes), key);
        assert.deepEqual(await render(reader.parts()), vector.content);
      }
      for (const password of vector.wrongPasswords ?? []) {
        await assert.rejects(collect(decryptArchive(bytes, { password })), (error) =>
          isBackupError(error, 'wrong-key'),
        );
      }
    });
  }

  for (const name of names) {
    const skip = hasPython ? false : 'not on this machine: python3';
    it(`${name}: read by the reader.py of its time and by that of today`, { skip }, async () => {
      const vector = JSON.parse(readFileSync(join(place, `${name}.json`), 'utf8')) as Vector;
      const label = vector.label;
      const identities = vector.identities ?? [(await unlockLabel(label!, vector.passwords![0]!)).identity];
      const unpacked = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
      try {
        await unpackTar(decryptAge(readFileSync(join(place, `${name}.tar.age`)), { identities }), unpacked);
        for (const reader of [unpacked, join(projectRoot, 'src', 'archive')]) {
          const { stdout, stderr } = spawnSync('python3', ['-c', renderWithPython, reader], {
            cwd: unpacked,
            encoding: 'utf8',
            maxBuffer: 1e8,
            env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
          });
          assert.equal(stderr, '');
          const rows = vector.content.tables.map((table) => table.rows);
          assert.deepEqual(JSON.parse(stdout), rows);
        }
      } finally {
        rmSync(unpacked, { recursive: true, force: true });
      }
    });
  }

  it('carry the older identities of their key holder along', async () => {
    const { label, passwords } = JSON.parse(readFileSync(join(place, 'enrolled.json'), 'utf8')) as Vector;
    const unlocked = await unlockChain(label!, passwords![0]!);
    assert.deepEqual(
      unlocked.map(({ epoch }) => epoch),
      [2, 1],
    );
    assert.ok(unlocked.every(({ identity }) => identity.startsWith('AGE-SECRET-KEY-1')));
  });
});
