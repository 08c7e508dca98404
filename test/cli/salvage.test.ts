import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { decryptAge } from '../../src/archive/age/decrypt.js';
import { encryptAge } from '../../src/archive/age/encrypt.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { olderForm } from '../archive/support/older-form.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { anyKind, describeOnEachServer } from '../support/servers.js';
import { runCli, runHere } from './support.js';

const kind = anyKind('mysql-5.6');

// Eight times as much as one chunk of encryption, of what no compressor makes smaller.
const office = [
  'CREATE DATABASE salvage_office CHARACTER SET utf8',
  'CREATE TABLE salvage_office.appointment (AptNum BIGINT NOT NULL PRIMARY KEY) ENGINE=MyISAM',
  'INSERT INTO salvage_office.appointment VALUES (1), (2), (3)',
  'CREATE TABLE salvage_office.image (Num INT NOT NULL AUTO_INCREMENT PRIMARY KEY, Bits VARBINARY(64)) ENGINE=MyISAM',
  'INSERT INTO salvage_office.image (Bits) VALUES (UNHEX(SHA2(RAND(), 512)))',
  ...Array.from(
    { length: 13 },
    () =>
      'INSERT INTO salvage_office.image (Bits) SELECT UNHEX(SHA2(CONCAT(RAND(), Num), 512)) FROM salvage_office.image',
  ),
];

describeOnEachServer(
  'restore --salvage',
  (server) => {
    let folder: string;
    let env: Record<string, string>;
    let keyFile: string;
    let whole: string;
    const url = (database: string): string => {
      const { user, port, host, socketPath } = server().address;
      const socket = socketPath === undefined ? '' : `?socketPath=${encodeURIComponent(socketPath)}`;
      return `mysql://${encodeURIComponent(user)}@${host ?? '127.0.0.1'}:${port ?? 3306}/${database}${socket}`;
    };

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'supplemental-backup-cli-salvage-'));
      env = { MYSQL_PWD: server().address.password ?? '' };
      await server().query(office);
      const identity = await generateIdentity();
      keyFile = join(folder, 'key.txt');
      await writeFile(keyFile, `${identity}\n`);
      whole = join(folder, 'whole.tar.age');
      const recipient = await identityToRecipient(identity);
      const backup = ['backup', '--source', url('salvage_office'), '--out', whole, '--recipient', recipient];
      const made = await runHere(backup, { env });
      assert.equal(made.code, 0, made.stderr);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    const salvage = (archive: string, database: string, ...more: string[]) =>
      runHere(['restore', archive, '--target', url(database), '--identity', keyFile, '--salvage', ...more], {
        env,
      });

    it('Ctrl-C in a restore says where it stands, and the same command goes on from there', async (t) => {
      const { host = '127.0.0.1', port = 3306 } = server().address;
      const proxy = await FaultyProxy.start(host, port);
      t.after(() => proxy.stop());
      const target = url('cli_stopped').replace(`:${port}/`, `:${proxy.port}/`);
      const words = ['restore', whole, '--target', target, '--identity', keyFile];
      // The server hears of no rows of one table, so the restore cannot be through before the signal comes.
      const interruptAfter = proxy.holdOver("LOAD DATA LOCAL INFILE 'rows' INTO TABLE");
      const stopped = await runCli(words, { env, interruptAfter });
      assert.equal(stopped.code, 130, stopped.stderr);
      assert.match(
        stopped.stderr,
        /^Stopped\. What is in the target stays, marked as incomplete\. The archive is unchanged\. Run the same command to go on from there\.$/m,
      );
      const again = await runHere(words, { env });
      assert.equal(again.code, 0, again.stderr);
      assert.match(again.stdout, /^Restored +2 tables, 8,195 rows/m);
      assert.match(again.stdout, /^An interrupted restore was taken up: /m);
    });

    it('of a whole archive loses nothing, and says so', async () => {
      const { code, stdout, stderr } = await salvage(whole, 'salvage_whole');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /8,195 rows/);
      assert.match(stdout, /\nNothing was lost\.\n$/);
    });

    it('of a damaged one brings back the rest, ends like damage, and names what is lost', async () => {
      const damaged = join(folder, 'damaged.tar.age');
      const bytes = await readFile(whole);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(damaged, bytes);
      const { code, stdout, stderr } = await salvage(damaged, 'salvage_rest');
      assert.equal(code, 4, stderr);
      assert.match(stdout, /Lost:/);
      const [, rows] = /^image: ([\d,]+) of 8,192 rows$/m.exec(stdout) ?? [];
      assert.ok(Number(rows?.replace(',', '')) < 8192, stdout);
      assert.doesNotMatch(stdout, /^appointment: /m);
      const [row] = await server().query('SELECT COUNT(*) AS n FROM salvage_rest.appointment');
      assert.equal(row?.['n'], '3');
      const [image] = await server().query('SELECT COUNT(*) AS n FROM salvage_rest.image');
      assert.equal(Number(image?.['n']), Number(rows?.replace(',', '')));
    });

    // Two sessions read, and either may have its table first.
    it('of an older one whose headers do not lead on names what nothing proves, and takes it when asked', async () => {
      const identities = [(await readFile(keyFile, 'utf8')).trim()];
      const tar = await collectBytes(decryptAge(await readFile(whole), { identities }));
      const wide = new Uint8Array(130_000);
      const before = [
        { name: 'one.bin', content: wide },
        { name: 'two.bin', content: wide },
      ];
      // What is cut off in the end is none of the tables.
      const after = [{ name: 'three.bin', content: wide }];
      const recipients = [await identityToRecipient(identities[0]!)];
      const bytes = await collectBytes(encryptAge(await olderForm(tar, before, after), { recipients }));
      const { manifest } = await openArchive(rangesOfBytes(bytes), { identities });
      const header = manifest.entries.find(({ name }) => name === 'two.bin')!.offset - 512;
      const { headerBytes } = await inspectArchive(bytes);
      const payload = headerBytes + 16;
      const chunk = payload + Math.floor(header / 65_536) * 65_552;
      bytes.fill(0, chunk, chunk + 65_552);
      const older = join(folder, 'older.tar.age');
      await writeFile(older, bytes.subarray(0, bytes.length - 65_552));
      const without = await salvage(older, 'salvage_proven');
      assert.equal(without.code, 4, without.stdout);
      assert.match(
        without.stderr,
        /not proven to be of this archive and were left out: database\.json, tables\/000\d\//,
      );
      assert.match(without.stderr, /`unproven`/);
      const { code, stdout, stderr } = await salvage(older, 'salvage_unproven', '--unproven');
      assert.equal(code, 4, stderr);
      assert.match(
        stdout,
        /not proven to be of this archive and were taken: database\.json, tables\/000\d\//,
      );
      const [row] = await server().query('SELECT COUNT(*) AS n FROM salvage_unproven.appointment');
      assert.equal(row?.['n'], '3');
    });

    it('is asked for what is not proven, and nothing else is', async () => {
      const { code, stderr } = await runHere(
        ['restore', whole, '--target', url('salvage_asked'), '--identity', keyFile, '--unproven'],
        { env },
      );
      assert.equal(code, 2);
      assert.match(stderr, /--unproven goes with --salvage/);
    });

    it('is not a plan', async () => {
      const { code, stderr } = await salvage(whole, 'salvage_plan', '--dry-run');
      assert.equal(code, 2);
      assert.match(stderr, /--dry-run or --salvage/);
    });
  },
  { kinds: [kind] },
);
