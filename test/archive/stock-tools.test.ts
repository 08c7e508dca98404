import assert from 'node:assert/strict';
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptAge } from '../../src/archive/age/decrypt.js';
import { encryptAge } from '../../src/archive/age/encrypt.js';
import { makeLabel } from '../../src/archive/label.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { collectBytes, utf8 } from '../../src/bytes.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { seal } from '../recovery/seal.js';
import { describeOnEachServer } from '../support/servers.js';
import { buildTorture } from '../torture/index.js';
import { sampleLabel, sampleParts } from './support/parts.js';
import { unpackFiles } from './support/unpack-tar.js';

function missing(...tools: readonly string[]): string | false {
  const absent = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return absent.length > 0 ? `not on this machine: ${absent.join(', ')}` : false;
}

/** Runs a program to its end. @throws with its complaints when it fails */
async function run(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  assert.equal(code, 0, `${program}: ${complaints}`);
}

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
});
after(() => {
  rmSync(directory, { recursive: true, force: true });
});

describeOnEachServer('an archive and nothing but age, tar, python3 and mariadb', (server, kind) => {
  const skip = missing('age', 'tar', 'python3', 'mariadb');

  it('R3: bring back every hard thing there is', { skip }, async () => {
    await buildTorture(server().address, 'torture');
    const source = { ...server().address, database: 'torture' };
    const sealed = await seal(source);
    const place = join(directory, kind);
    mkdirSync(place);
    writeFileSync(join(place, 'backup.tar.age'), sealed.bytes);
    writeFileSync(join(place, 'key.txt'), `${sealed.identities[0]}\n`);
    await run('age', ['-d', '-i', 'key.txt', '-o', 'backup.tar', 'backup.tar.age'], { cwd: place });
    await run('tar', ['xf', 'backup.tar'], { cwd: place });
    const sql = openSync(join(place, 'backup.sql'), 'w');
    await run('python3', ['reader.py', '--events-as-found'], { cwd: place, stdio: ['ignore', sql, 'pipe'] });
    closeSync(sql);

    await server().query('CREATE DATABASE by_hand');
    const { host = '127.0.0.1', port = 3306, socketPath, user, password } = server().address;
    const way =
      socketPath === undefined ? ['-h', host, '-P', `${port}`, '--protocol=tcp'] : ['-S', socketPath];
    const secret = password === undefined || password === '' ? [] : [`-p${password}`];
    const input = openSync(join(place, 'backup.sql'), 'r');
    await run('mariadb', [...way, '-u', user, ...secret, '--binary-mode', '--comments', 'by_hand'], {
      stdio: [input, 'ignore', 'pipe'],
    });
    closeSync(input);
    const { differences, tables } = await compareDatabases(source, { ...source, database: 'by_hand' });
    // What was broken already is named to the person at the keyboard, and not made.
    assert.deepEqual(
      differences.map(({ name, aspect }) => `${name}: ${aspect}`),
      ['o02_broken: missing-right'],
    );
    assert.ok(tables.length > 50);
  });
});

describe('the tar in an archive', () => {
  it('is unpacked by tar and python3 as files of whoever unpacks', {
    skip: missing('tar', 'python3'),
  }, async () => {
    const place = join(directory, 'owner');
    mkdirSync(place);
    const tar = await collectBytes(writeTar(sampleParts(), makeLabel(sampleLabel), () => undefined));
    writeFileSync(join(place, 'backup.tar'), tar);
    const names = (await unpackFiles(tar)).map(({ name }) => name);
    const byPython = 'import tarfile; tarfile.open("backup.tar").extractall("python", numeric_owner=False)';
    mkdirSync(join(place, 'tar'));
    await run('tar', ['xf', '../backup.tar'], { cwd: join(place, 'tar') });
    await run('python3', ['-W', 'ignore', '-c', byPython], { cwd: place });
    for (const tool of ['tar', 'python']) {
      for (const name of names) assert.equal(statSync(join(place, tool, name)).uid, process.getuid!(), name);
    }
  });
});

describe('age on the command line', () => {
  const skip = missing('age');
  const sizes = [0, 1, 65536, 65537, 300_000];
  const contentOf = (size: number): Uint8Array => new Uint8Array(size).map((_, i) => i * 31);

  it('opens what we encrypt, and we open what it encrypts', { skip }, async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    writeFileSync(join(directory, 'key.txt'), identity);
    for (const size of sizes) {
      for (const armor of [false, true]) {
        const ours = await collectBytes(encryptAge(contentOf(size), { recipients, armor }));
        const opened = spawnSync('age', ['-d', '-i', join(directory, 'key.txt')], { input: ours });
        assert.deepEqual(new Uint8Array(opened.stdout), contentOf(size), String(opened.stderr));
        const args = ['-r', recipients[0]!, ...(armor ? ['-a'] : [])];
        const theirs = spawnSync('age', args, { input: contentOf(size) });
        assert.deepEqual(
          await collectBytes(decryptAge(new Uint8Array(theirs.stdout), { identities: [identity] })),
          contentOf(size),
        );
      }
    }
  });

  it('refuses what we would refuse', { skip }, async () => {
    const identity = await generateX25519Identity();
    writeFileSync(join(directory, 'key.txt'), identity);
    const file = await collectBytes(
      encryptAge(utf8('words'), { recipients: [await identityToRecipient(identity)] }),
    );
    file[file.length - 1]! ^= 1;
    assert.notEqual(spawnSync('age', ['-d', '-i', join(directory, 'key.txt')], { input: file }).status, 0);
  });
});
