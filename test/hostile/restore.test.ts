import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { Part } from '../../src/archive/model.js';
import { rangesOfBytes } from '../../src/bytes.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { isBackupError } from '../../src/errors.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { salvage } from '../../src/recovery/salvage/salvage.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { sealParts } from '../recovery/seal.js';
import { describeOnEachServer } from '../support/servers.js';
import { forgeries } from './forge.js';

const source = 'hostile_source';
const target = 'hostile_target';

describeOnEachServer('an archive by a stranger, restored by an administrator', (server) => {
  const address = (database: string) => ({ ...server().address, database });
  const canary = mkdtempSync(join(tmpdir(), 'supplemental-canary-'));
  let parts: Part[] = [];

  before(async () => {
    await server().query([
      `CREATE DATABASE ${source} CHARACTER SET latin1`,
      'CREATE DATABASE bystander',
      'CREATE TABLE bystander.precious (a INT PRIMARY KEY) ENGINE=MyISAM',
      'INSERT INTO bystander.precious VALUES (1), (2)',
      `CREATE TABLE ${source}.zz (a INT) ENGINE=InnoDB`,
      `INSERT INTO ${source}.zz VALUES (1)`,
    ]);
    parts = [];
    for await (const part of dumpDatabase(address(source))) parts.push(part);
  });

  after(() => rmSync(canary, { recursive: true, force: true }));

  /** Everything that an archive must leave alone. */
  const surroundings = async (): Promise<unknown> => {
    const ask = async (sql: string): Promise<readonly string[]> =>
      (await server().query(sql)).map((row) => Object.values(row).join('|'));
    return {
      databases: (await ask('SHOW DATABASES')).filter((name) => name !== target),
      accounts: await ask('SELECT User, Host, Super_priv, Grant_priv FROM mysql.user ORDER BY 1, 2'),
      grants: await ask('SELECT User, Host, Db FROM mysql.db ORDER BY 1, 2, 3'),
      rows: await ask('CHECKSUM TABLE bystander.precious'),
      tables: await ask(
        "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('bystander', 'mysql') ORDER BY 1, 2",
      ),
      routines: await ask(
        `SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ('bystander', 'mysql')`,
      ),
      triggers: await ask(
        `SELECT TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA <> 'sys'`,
      ),
      events: await ask(
        "SELECT EVENT_SCHEMA, EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA <> 'hostile_target' OR STATUS = 'ENABLED'",
      ),
      files: readdirSync(canary),
    };
  };

  const typed = async (what: string, work: Promise<unknown>): Promise<unknown> => {
    const begun = performance.now();
    const outcome = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(performance.now() - begun < 10_000, `${what} took too long`);
    if (outcome !== undefined) assert.ok(isBackupError(outcome), `${what}: ${outcome}`);
    return outcome;
  };

  it('changes nothing outside its target, whatever it holds, and what is no definition is named by all', async () => {
    const good = await surroundings();
    for (const { what, end, forge } of forgeries(canary)) {
      async function* forged(): AsyncIterable<Part> {
        yield* forge(parts);
      }
      const { bytes, identities, open } = await sealParts(forged(), source).catch((error: unknown) => {
        // What even the writer refuses.
        assert.ok(isBackupError(error) || error instanceof TypeError || error instanceof RangeError, what);
        return { bytes: undefined, identities: [], open: undefined };
      });
      if (bytes === undefined || open === undefined) continue;
      let refused = 0;
      await typed(
        what,
        verifyArchive(rangesOfBytes(bytes), { identities }).then(({ refusedDefinitions }) => {
          refused = refusedDefinitions.length;
        }),
      );
      let possible = true;
      await typed(
        what,
        open().then(async (archive) => {
          possible = (await planRestore(archive, address(target), { replace: true })).possible;
        }),
      );
      const restored = open().then((archive) =>
        restoreDatabase(archive, address(target), { replace: true, events: 'disabled' }),
      );
      const error = await typed(what, restored);
      if (end === 'refused') {
        assert.equal(refused, 1, what);
        assert.equal(possible, false, what);
        assert.ok(isBackupError(error, 'archive-damaged'), `${what}: ${error}`);
        const salvaged = salvage(rangesOfBytes(bytes), address(target), { identities, replace: true });
        await typed(what, salvaged);
      } else {
        const options = { against: address(source), scratchName: 'hostile_scratch' };
        await typed(
          what,
          open().then((archive) => rehearseRestore(archive, server().address, options)),
        );
      }
      await server().query(`DROP DATABASE IF EXISTS ${target}`);
      assert.deepEqual(await surroundings(), good, what);
    }
  });
});
