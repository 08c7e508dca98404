import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openConnection } from '../../src/database/connection.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import type { RestoreProgress } from '../../src/recovery/restore/restore-report.js';
import { awaitLastStatements, claimTarget, examineTarget } from '../../src/recovery/restore/target.js';
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
    (_, i) =>
      `INSERT INTO many_${engine} (a, b) SELECT a * 7 + ${i}, CONCAT(LEFT(SHA2(id, 256), 32), a) FROM many_${engine}`,
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

  it('is waited for, while the server has not noticed yet', async () => {
    const killed = await openConnection(server().address);
    await claimTarget(killed, target);
    const restoring = restoreDatabase(await sealed.open(), address(target));
    let waiting: string | null | undefined = '0';
    while (waiting === '0') {
      const rows = await server().query(
        "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND INFO LIKE '%GET_LOCK%'",
      );
      waiting = rows[0]?.['n'];
    }
    await killed.close();
    await restoring;
    await server().query(`DROP DATABASE ${target}`);
  });

  it('is taken up only when the server has done its last statement', async () => {
    const stopped = new Error('stopped');
    const stop = ({ phase }: RestoreProgress): void => {
      if (phase === 'objects') throw stopped;
    };
    await assert.rejects(
      restoreDatabase(await sealed.open(), address(target), { onProgress: stop }),
      stopped,
    );
    const killed = await openConnection(address(target));
    const order: string[] = [];
    const lastStatement = killed.query('DO SLEEP(0.5)').then(() => order.push('last statement'));
    const restoring = restoreDatabase(await sealed.open(), address(target), {
      onProgress: () => order.push('progress'),
    });
    await lastStatement;
    await killed.close();
    await restoring;
    assert.equal(order[0], 'last statement');
    await server().query(`DROP DATABASE ${target}`);
  });

  it('at any moment is taken up again, to a database that is equal', async () => {
    const random = randomNumbers(11);
    // How long a restore takes here and now, with its start, so that the moments are spread over all of it.
    const begun = performance.now();
    assert.equal(await restoreAndKill(Number.POSITIVE_INFINITY), false);
    const whole = performance.now() - begun;
    await server().query(`DROP DATABASE ${target}`);
    for (let killed = 0; killed < kills; ) {
      // One that is taken up may be killed again.
      for (let times = 1 + random(3); times > 0 && killed < kills; times--) {
        if (await restoreAndKill(random(whole))) killed++;
      }
      // At once, too: what the server still does for the one that was killed must not matter.
      await restoreDatabase(await sealed.open(), address(target)).catch(refusedWhenComplete);
      const { differences } = await compareDatabases(address(source), address(target));
      assert.deepEqual(differences, [], `after kill ${killed}`);
      await server().query(`DROP DATABASE ${target}`);
    }
  });

  /** @returns whether it was killed before its end */
  async function restoreAndKill(milliseconds: number): Promise<boolean> {
    const child = fileURLToPath(new URL('./restore-child.js', import.meta.url));
    const args = [child, path, sealed.identities[0]!, JSON.stringify(address(target))];
    const restoring = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaint = '';
    restoring.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const ended = once(restoring, 'close');
    const timer = Number.isFinite(milliseconds)
      ? setTimeout(() => restoring.kill('SIGKILL'), milliseconds)
      : undefined;
    const [code, signal] = await ended;
    clearTimeout(timer);
    if (signal !== 'SIGKILL' && code !== 0) await refusedWhenComplete(new Error(complaint));
    return signal === 'SIGKILL';
  }

  /** A restore that was killed right after its last act leaves a target that the next one rightly refuses. */
  async function refusedWhenComplete(error: unknown): Promise<void> {
    const connection = await openConnection(server().address);
    try {
      await awaitLastStatements(connection, target, new AbortController().signal);
      if ((await examineTarget(connection, target)) !== 'filled') throw error;
    } finally {
      await connection.close();
    }
  }
});
