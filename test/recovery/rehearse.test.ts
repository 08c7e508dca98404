import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, it } from 'node:test';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { takeFingerprint } from '../../src/recovery/compare/side.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { certificateText } from '../../src/recovery/rehearse/certificate.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { salvageArchive } from '../../src/recovery/salvage-archive.js';
import { describeOnEachServer } from '../support/servers.js';
import { hazards } from './hazards.js';
import { type Sealed, seal } from './seal.js';

const source = 'rehearse_source';

describeOnEachServer('before and after the day', (server) => {
  const address = (database: string) => ({ ...server().address, database });
  let sealed: Sealed;

  const databases = async (): Promise<readonly string[]> =>
    (await server().query('SHOW DATABASES')).map((row) => Object.values(row)[0]!);

  before(async () => {
    await server().query([
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `USE ${source}`,
      'SET SESSION foreign_key_checks = 0',
      ...hazards(server()),
      // Large and incompressible, so that damage in the middle of it touches nothing else.
      'CREATE TABLE filler (id INT PRIMARY KEY, bytes LONGBLOB)',
      `INSERT INTO filler VALUES (1, X'${randomBytes(400_000).toString('hex')}')`,
    ]);
    sealed = await seal(address(source));
  });

  it('a rehearsal proves the archive against the original and leaves nothing behind', async () => {
    const there = await databases();
    const certificate = await rehearseRestore(await sealed.open(), server().address, {
      against: address(source),
    });
    assert.deepEqual(certificate.differences, []);
    assert.equal(certificate.equal, true);
    assert.equal(certificate.provenAgainst, 'source');
    assert.ok(certificate.tables.every((table) => /^\d+$/.test(table.hash)));
    assert.match(certificateText(certificate), /PASSED/);
    assert.deepEqual(await databases(), there);
  });

  it('a rehearsal without the original holds definitions and counts against the archive, and says so', async () => {
    const certificate = await rehearseRestore(await sealed.open(), server().address);
    assert.deepEqual(certificate.differences, []);
    assert.equal(certificate.provenAgainst, 'archive');
    assert.ok(certificate.notTested.some((line) => /content of rows/.test(line)));
  });

  it('a rehearsal tells what is not as it was', async () => {
    const remembered = await takeFingerprint(address(source));
    const contents = new Map(remembered.contents);
    contents.set('v10_dates', { rows: 4, hash: '1' });
    const certificate = await rehearseRestore(await sealed.open(), server().address, {
      against: { ...remembered, contents },
    });
    assert.deepEqual(
      certificate.differences.map(({ name, aspect }) => `${name}: ${aspect}`),
      ['v10_dates: content'],
    );
    assert.match(certificateText(certificate), /FAILED/);
  });

  it('a rehearsal never touches a database that is there', async () => {
    await assert.rejects(
      rehearseRestore(await sealed.open(), server().address, { scratchName: source }),
      (error) => isBackupError(error, 'target-refused'),
    );
    assert.ok((await databases()).includes(source));
  });

  it('a plan names what stands in the way, and touches nothing', async () => {
    const archive = await sealed.open();
    const possible = await planRestore(archive, address('not_there'));
    assert.deepEqual(
      possible.obstacles.filter(({ severity }) => severity === 'blocks'),
      [],
    );
    assert.equal(possible.possible, true);
    assert.equal(possible.state, 'absent');
    assert.equal(possible.tables.length, archive.manifest.tables.length);
    assert.equal((await databases()).includes('not_there'), false);
    const filled = await planRestore(archive, address(source));
    assert.equal(filled.possible, false);
    assert.deepEqual(
      filled.obstacles.filter(({ severity }) => severity === 'blocks').map(({ code }) => code),
      ['target-not-empty'],
    );
  });

  it('salvage brings back what is left of a damaged archive, and the rest of the tables whole', async () => {
    const bytes = Buffer.from(sealed.bytes);
    const { entries } = (await sealed.open()).manifest;
    const filler = entries.find(({ size }) => size >= 400_000)!;
    const offset = filler.offset + 200_000;
    const { headerBytes } = await inspectArchive(bytes);
    const at = headerBytes + 16 + Math.floor(offset / 65536) * 65552 + (offset % 65536);
    bytes[at]! ^= 1;
    const report = await salvageArchive(rangesOfBytes(bytes), address('salvaged'), {
      identities: sealed.identities,
    });
    assert.equal(report.whole, false);
    assert.ok(report.losses.length > 0);
    const whole = report.tables.filter((table) => table.whole);
    assert.deepEqual(
      report.tables.filter((table) => !table.whole).map(({ name }) => name),
      ['filler'],
    );
    for (const { name, rows } of whole) {
      const [row] = await server().query(
        `SELECT COUNT(*) AS n FROM \`${name.replaceAll('`', '``')}\``,
        'salvaged',
      );
      assert.equal(Number(row?.['n']), rows, name);
    }
  });

  it('a definition that is something else is refused', async () => {
    const archive = await sealed.open();
    const forged = {
      ...archive,
      table: async (name: string) => ({
        ...(await archive.table(name)),
        createStatement: `DROP DATABASE ${source}`,
      }),
    };
    await assert.rejects(restoreDatabase(forged, address('forged')), (error) =>
      isBackupError(error, 'archive-damaged'),
    );
    assert.ok((await databases()).includes(source));
  });
});
