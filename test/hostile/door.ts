import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import { fuzzing } from '../archive/support/fuzz.js';
import { fc } from '../support/properties.js';

const mebi = 2 ** 20;

/** A door, what comes to it, and what happens there. */
export function door<Given>(
  what: string,
  given: fc.Arbitrary<Given>,
  call: (given: Given) => unknown,
  isFine: (error: unknown) => boolean = (error) => isBackupError(error),
): void {
  it(what, async () => {
    const start = process.memoryUsage().rss;
    let most = start;
    await fc.assert(
      fc.asyncProperty(given, async (value) => {
        // Of the processor, so that a busy machine changes nothing of what is said.
        const from = process.cpuUsage();
        try {
          await call(value);
        } catch (error) {
          assert.ok(isFine(error), String(error instanceof Error ? error.stack : error));
        }
        most = Math.max(most, process.memoryUsage().rss);
        const { user, system } = process.cpuUsage(from);
        assert.ok(user + system < 2_000_000);
      }),
      fuzzing(30),
    );
    assert.ok(most - start < 250 * mebi, `${(most - start) / mebi} MiB`);
  });
}
