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
import { type Forgery, forgeries } from './forge.js';
import { forgedParts, prepareHostileServer, surroundings, target } from './surroundings.js';

/** How many forgeries are tried before the server is looked at, and how many at the same time. */
const TOGETHER = 12;
const AT_ONCE = 3;

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

  it('changes nothing outside its target, whatever it holds, and what is no definition is named by all', async () => {
    const good = await surroundings(server(), canary);
    const all = forgeries(canary);
    for (let from = 0; from < all.length; from += TOGETHER) {
      const some = all.slice(from, from + TOGETHER);
      const left = [...some.entries()];
      const work = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          await tryOut(next[1], `${target}_${from + next[0]}`);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const names = some.map(({ what }) => what).join('\n');
      assert.deepEqual(await surroundings(server(), canary), good, `one of these:\n${names}`);
    }
  });
});
