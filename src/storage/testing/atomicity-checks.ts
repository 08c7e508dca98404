import { isBackupError } from '../../errors.js';
import type { StorageAdapter } from '../adapter.js';
import { bodyBytes, bodyOf, holdBody } from './bodies.js';
import type { ContractBench, NamedCheck } from './named-check.js';
import { demand, demandBytes, demandFailure } from './violation.js';

const writers = 8;

/** Checks that nothing unfinished shows, and that of several writers one wins. */
export const atomicityChecks: readonly NamedCheck[] = [
  {
    name: 'an unfinished object shows nowhere, and the finished one shows whole',
    async try(bench) {
      const { adapter, other, key, read, severalParts } = bench;
      for (const size of [4000, severalParts + 1]) {
        const bytes = bodyBytes(size, 8);
        const held = holdBody(bytes, size - 1000);
        const put = adapter.put(key(`${size}`), held.source);
        await Promise.race([held.reached, put]);
        await demandNothing(bench, other, key(`${size}`));
        held.release();
        await put;
        demandBytes(await read(other, key(`${size}`)), bytes, 'the finished object');
      }
    },
  },
  {
    name: 'while an object is replaced, the old one is read',
    async try({ adapter, other, key, read, severalParts }) {
      if (!adapter.capabilities.overwrite) return;
      const [before, after] = [bodyBytes(3000, 1), bodyBytes(severalParts + 1, 2)];
      await adapter.put(key('replaced'), bodyOf(before));
      const held = holdBody(after, severalParts - 1000);
      const put = adapter.put(key('replaced'), held.source);
      await Promise.race([held.reached, put]);
      demandBytes(await read(other, key('replaced')), before, 'the object that is being replaced');
      held.release();
      await put;
      demandBytes(await read(other, key('replaced')), after, 'the object that replaced it');
    },
  },
  {
    name: 'an aborted put rejects with the reason and leaves nothing that shows',
    async try(bench) {
      const { adapter, other, key, read, severalParts } = bench;
      const early = new Error('before');
      const refused = adapter.put(key('early'), bodyOf(bodyBytes(10, 1)), {
        signal: AbortSignal.abort(early),
      });
      demand((await demandFailure(refused, 'the aborted put')) === early, 'the reason is not passed on');
      for (const size of [4000, severalParts + 1]) {
        const bytes = bodyBytes(size, 9);
        const reason = new Error('in between');
        const abort = new AbortController();
        const held = holdBody(bytes, size - 1000);
        const put = adapter.put(key(`${size}`), held.source, { signal: abort.signal });
        const failure = demandFailure(put, 'the aborted put');
        await Promise.race([held.reached, failure]);
        abort.abort(reason);
        held.release();
        demand((await failure) === reason, 'an aborted put rejects with something else than `signal.reason`');
        await demandNothing(bench, other, key(`${size}`));
        await adapter.put(key(`${size}`), bodyOf(bytes));
        demandBytes(await read(other, key(`${size}`)), bytes, 'the object put after the abort');
      }
    },
  },
  {
    name: 'a source that fails leaves nothing that shows, and a replay arrives intact',
    async try(bench) {
      const { adapter, other, key, read, severalParts } = bench;
      for (const size of [4000, severalParts + 1]) {
        const bytes = bodyBytes(size, 10);
        for (const outcome of [new Error('the disk broke'), 'end-early'] as const) {
          const held = holdBody(bytes, size - 1000);
          held.release(outcome);
          const error = await demandFailure(adapter.put(key(`${size}`), held.source), 'a failing source');
          demand(
            outcome === 'end-early' || error === outcome || (error as Error).cause === outcome,
            'the error of the source is not passed on',
          );
          await demandNothing(bench, other, key(`${size}`));
        }
        await adapter.put(key(`${size}`), bodyOf(bytes));
        demandBytes(await read(other, key(`${size}`)), bytes, 'the replayed object');
      }
    },
  },
  {
    name: 'of writers that race with `ifAbsent`, one wins and its bytes stay',
    async try({ adapter, other, key, read, severalParts }) {
      // An adapter may store small and large objects in two ways; a race between the two has one winner as
      // well.
      for (const sizes of [[500], [severalParts + 1], [500, severalParts + 1]]) {
        const bodies = Array.from({ length: writers }, (_, i) =>
          bodyBytes(sizes[(i >> 1) % sizes.length]!, 100 + i),
        );
        const size = sizes.join('-');
        const outcomes = await Promise.allSettled(
          bodies.map((bytes, i) =>
            (i % 2 === 0 ? adapter : other).put(key(`race-${size}`), bodyOf(bytes), { ifAbsent: true }),
          ),
        );
        const winners = bodies.filter((_, i) => outcomes[i]!.status === 'fulfilled');
        demand(winners.length > 0, 'nobody won');
        if (adapter.capabilities.atomicIfAbsent) {
          demand(winners.length === 1, `${winners.length} writers won`);
          for (const outcome of outcomes) {
            if (outcome.status === 'rejected') demandLost(adapter, outcome.reason);
          }
        }
        const stays = await read(other, key(`race-${size}`));
        demand(
          winners.some((bytes) => Buffer.compare(bytes, stays) === 0),
          'what stays is not what a winner wrote',
        );
      }
    },
  },
  {
    name: 'of writers that race without it, the bytes of one stay whole',
    async try({ adapter, other, key, read, severalParts }) {
      if (!adapter.capabilities.overwrite) return;
      const bodies = [1, 2, 3, 4].map((seed) => bodyBytes(severalParts + seed, seed));
      await Promise.all(
        bodies.map((bytes, i) => (i % 2 === 0 ? adapter : other).put(key('race'), bodyOf(bytes))),
      );
      const stays = await read(other, key('race'));
      demand(
        bodies.some((bytes) => Buffer.compare(bytes, stays) === 0),
        'what stays was written by nobody',
      );
    },
  },
];

function demandLost(adapter: StorageAdapter, error: unknown): void {
  // A store may also ask the loser to come back later, when it cannot tell yet who wins.
  const lost = isBackupError(error, 'storage-exists') || adapter.classify(error) === 'transient';
  demand(lost, 'a writer lost with another failure than `storage-exists`', error);
}

async function demandNothing(bench: ContractBench, adapter: StorageAdapter, key: string): Promise<void> {
  demand((await adapter.stat(key)) === null, 'stat shows an unfinished object');
  demand(!(await bench.keys(adapter, key)).includes(key), 'list shows an unfinished object');
  const error = await demandFailure(bench.read(adapter, key), 'get of an unfinished object');
  demand(isBackupError(error, 'storage-not-found'), 'get of an unfinished object is not `storage-not-found`');
}
