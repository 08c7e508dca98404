import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { Part } from '../../src/model/parts.js';
import { planRestore } from '../../src/recovery/plan/plan-restore.js';
import { rehearseRestore } from '../../src/recovery/rehearse/rehearse-restore.js';
import { restoreDatabase } from '../../src/recovery/restore/restore-database.js';
import { salvageArchive } from '../../src/recovery/salvage-archive.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { sealParts } from '../recovery/seal.js';
import { describeOnEachServer } from '../support/servers.js';
import { type Forgery, forgeries, table } from './forge.js';
import { foreignKeyForgeries, outsideKeys } from './forge-keys.js';
import { forgedParts, prepareHostileServer, surroundings, target } from './surroundings.js';

/** How many forgeries are tried before the server is looked at, and how many at the same time. */
const together = 12;
const atOnce = 3;

describeOnEachServer('an archive by a stranger, restored by an administrator', (server) => {
  const canary = mkdtempSync(join(tmpdir(), 'supplemental-canary-'));
  let parts: readonly Part[] = [];

  before(async () => {
    parts = await prepareHostileServer(server());
  });

  after(() => rmSync(canary, { recursive: true, force: true }));

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

  async function tryOut(forgery: Forgery, database: string): Promise<void> {
    const { what, end } = forgery;
    const into = { ...server().address, database };
    const forged = forgedParts(forgery, parts);
    const { bytes, identities, open } = await sealParts(forged.parts, forged.database).catch(
      (error: unknown) => {
        // What even the writer refuses.
        assert.ok(isBackupError(error) || error instanceof TypeError || error instanceof RangeError, what);
        return { bytes: undefined, identities: [], open: undefined };
      },
    );
    if (bytes === undefined || open === undefined) return;
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
        possible = (await planRestore(archive, into, { replace: true })).possible;
      }),
    );
    const restored = open().then((archive) =>
      restoreDatabase(archive, into, { replace: true, events: 'disabled' }),
    );
    const error = await typed(what, restored);
    if (end === 'refused') {
      assert.equal(refused, 1, what);
      assert.equal(possible, false, what);
      assert.ok(isBackupError(error, 'archive-damaged'), `${what}: ${error}`);
      await typed(what, salvageArchive(rangesOfBytes(bytes), into, { identities, replace: true }));
    } else {
      const against = { ...server().address, database: 'hostile_source' };
      const options = { against, scratchName: `${database}_scratch` };
      await typed(
        what,
        open().then((archive) => rehearseRestore(archive, server().address, options)),
      );
    }
    await server().query(`DROP DATABASE IF EXISTS ${database}`);
  }

  it('ties no table of its target to one of another database', async () => {
    for (const [i, forgery] of foreignKeyForgeries().entries()) {
      const into = { ...server().address, database: `${target}_key_${i}` };
      const forged = forgedParts(forgery, parts);
      const { open } = await sealParts(forged.parts, forged.database);
      await typed(
        forgery.what,
        open().then((archive) => restoreDatabase(archive, into, { replace: true })),
      );
      assert.deepEqual(await server().query(outsideKeys), [], forgery.what);
      await server().query([`DROP DATABASE IF EXISTS ${into.database}`, 'DELETE FROM bystander.parents']);
      await server().query('INSERT INTO bystander.parents VALUES (1)');
    }
  });

  it('has no word of its filters run where the original is, with and without dates', async (t) => {
    const word = 'zz_word_of_a_stranger';
    const where = `1) UNION SELECT '${word}' INTO OUTFILE '${canary}/w' -- `;
    const dates = { column: 'a', since: '2020-01-01', unsetBefore: '1880-01-01' };
    const filters = [
      { where, reason: word },
      { where, reason: word, dates },
      { where, reason: word, dates: { ...dates, column: `a\`) OR '${word}' = ('` } },
    ];
    const log = async (sql: string): Promise<void> => void (await server().query(sql));
    if (server().directory === undefined) return t.skip('the log of a server that is not ours');
    await log("SET GLOBAL log_output = 'TABLE'");
    await log('TRUNCATE mysql.general_log');
    await log('SET GLOBAL general_log = ON');
    try {
      for (const rowFilter of filters) {
        const forgery = table(
          'CREATE TABLE `zz` (\n  `a` int(11) DEFAULT NULL\n) ENGINE=InnoDB',
          'contained',
          {
            rowFilter,
          },
        );
        const forged = forgedParts(forgery, parts);
        const archive = await (await sealParts(forged.parts, forged.database)).open();
        const against = { ...server().address, database: 'hostile_source' };
        const certificate = await rehearseRestore(archive, server().address, { against });
        if (rowFilter.dates?.column !== 'a') {
          assert.ok(certificate.notTested.some((line) => /"zz" holds only some rows/.test(line)));
        }
      }
    } finally {
      await log('SET GLOBAL general_log = OFF');
    }
    const [asked] = await server().query(
      `SELECT COUNT(*) AS n, SUM(argument LIKE '%hostile\\_source%') AS seen, SUM(argument LIKE '%zz\\_word%') AS words FROM mysql.general_log WHERE argument NOT LIKE '%general_log%'`,
    );
    assert.ok(Number(asked?.['seen']) > 0, 'the log holds what is asked');
    assert.equal(Number(asked?.['words']), 0);
    await log("SET GLOBAL log_output = 'FILE'");
  });

  it('changes nothing outside its target, whatever it holds, and what is no definition is named by all', async () => {
    const good = await surroundings(server(), canary);
    const all = forgeries(canary);
    for (let from = 0; from < all.length; from += together) {
      const some = all.slice(from, from + together);
      const left = [...some.entries()];
      const work = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await tryOut(next[1], `${target}_${from + next[0]}`);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      const names = some.map(({ what }) => what).join('\n');
      assert.deepEqual(await surroundings(server(), canary), good, `one of these:\n${names}`);
    }
  });
});
