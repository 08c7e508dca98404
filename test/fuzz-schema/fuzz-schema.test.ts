import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ServerKind } from '../support/servers.js';
import { whyMissing } from '../support/servers.js';
import { generateCase } from './generate.js';
import { type Place, startPlace } from './ground.js';
import { judge } from './judge.js';
import { type Ground, scriptOf } from './model.js';
import { missingPrograms } from './vendor.js';

// A few of the seeds that `npm run fuzz:schema` goes through by the thousand.
const seeds: readonly number[] = [401, 402, 404, 406, 410, 411, 412, 413, 416, 419];
const kinds: readonly Exclude<ServerKind, 'env'>[] = ['mysql-5.6', 'mariadb', 'mysql'];

describe('random databases', () => {
  const ground: Ground = { kind: 'mariadb', mariadb: true, version: 101_100 };
  it('are the same for the same seed, and others for another', () => {
    const scripts = [7, 7, 8].map((seed) => scriptOf(generateCase(seed, ground)).toString('hex'));
    assert.equal(scripts[0], scripts[1]);
    assert.notEqual(scripts[0], scripts[2]);
  });
});

for (const kind of kinds) {
  const skip = whyMissing(kind) ?? missingPrograms();
  describe(`a copy keeps what the vendor's tool keeps [${kind}]`, () => {
    if (skip !== undefined) {
      it(`runs on ${kind}`, { skip }, () => undefined);
      return;
    }
    let places: readonly [Place, Place];
    before(async () => {
      places = await Promise.all([startPlace(kind, seeds[0]!, 0), startPlace(kind, seeds[0]!, 1)]);
    });
    after(async () => {
      await Promise.all(places.map(({ server }) => server.stop()));
    });

    for (const seed of seeds) {
      it(`R1 seed ${seed}: npm run fuzz:schema -- --seed ${seed} --databases 1 --server ${kind}`, async () => {
        const [source, target] = places;
        const { findings, tables } = await judge(
          generateCase(seed, source.ground, target.ground),
          source,
          target,
        );
        assert.deepEqual(findings, []);
        assert.ok(tables > 0);
      });
    }
  });
}
