import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { describeOnEachServer } from '../support/servers.js';
import { randomNumbers } from './damage.js';
import { hazards } from './hazards.js';
import { type Sealed, seal } from './seal.js';

// The soak kills a hundred times; the suite a few.
const kills = Number(process.env['SUPPLEMENTAL_BACKUP_KILLS'] ?? 3);
const source = 'killed_source';
const target = 'killed_target';

const manyRows = (engine: string): readonly string[] => [
  `CREATE TABLE many_${engine} (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT, b VARCHAR(50), KEY (a), KEY (b)) ENGINE=${engine}`,
  `INSERT INTO many_${engine} (a, b) VALUES (1, 'x'), (2, 'y'), (3, 'z'), (4, 'ä')`,
  ...Array.from(
    { length: 12 },
    (_, i) => `INSERT INTO many_${engine} (a, b) SELECT a * 7 + ${i}, CONCAT(MD5(id), a) FROM many_${engine}`,
  ),
];

describeOnEachServer('a restore that is killed', (server) => {
  const address = (database: string) => ({ ...server().address, database });
  const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-killed-'));
  const path = join(folder, 'archive.tar.age');
  let sealed: Sealed;

  before(async () => {
    await server().query([
      `CREATE DATABASE ${source} CHARACTER SET utf8`,
      `USE ${source}`,
      'SET SESSION foreign_key_checks = 0',
      ...manyRows('InnoDB'),
      ...manyRows('MyISAM'),
      ...hazards(server()),
    ]);
    sealed = await seal(address(source), { partBytes: 100_000 });
    writeFileSync(path, sealed.bytes);
  });
  after(() => rmSync(folder, { recursive: true }));

  it('at any moment is taken up again, to a database that is equal', async () => {
    const random = randomNumbers(11);
    const child = fileURLToPath(new URL('./restore-child.js', import.meta.url));
    // How long a restore takes here and now, so that the moments are spread over all of it.
    const begun = Date.now();
    await restoreDatabase(await sealed.open(), address(target));
    const whole = Date.now() - begun;
    for (let i = 0; i < kills; i++) {
      if (i % 3 === 0) await server().query(`DROP DATABASE IF EXISTS ${target}`);
      const args = [child, path, sealed.identities[0]!, JSON.stringify(address(target))];
      const restoring = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(restoring, 'exit');
      const timer = setTimeout(() => restoring.kill('SIGKILL'), 150 + random(whole + 300));
      await ended;
      clearTimeout(timer);
      // The server may still be at the last statement of the one that was killed.
      for (let sessions = '1'; sessions !== '0'; ) {
        const [left] = await server().query(
          `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND (DB = '${target}' OR INFO LIKE '%${target}%')`,
        );
        sessions = left?.['n'] ?? '0';
      }
      const [row] = await server().query(
        `SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${target}'`,
      );
      // A target that is complete says so by lacking the mark; anything else is taken up below.
      const [mark] = await server().query(
        `SELECT COUNT(*) AS n FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${target}' AND TABLE_NAME = 'supplemental_backup_restore'`,
      );
      const complete = row?.['n'] !== '0' && mark?.['n'] === '0';
      if (!complete) await restoreDatabase(await sealed.open(), address(target));
      const { differences } = await compareDatabases(address(source), address(target));
      assert.deepEqual(differences, [], `kill ${i}`);
      await server().query(`DROP DATABASE ${target}`);
    }
  });
});
