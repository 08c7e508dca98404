import { BackupError } from '../../errors.js';
import type { Clock } from '../service/clock.js';
import { withTimeout } from '../service/timeout.js';
import type { SettingsStore } from './settings.js';

/** How long reading or writing the settings may take, in milliseconds: somebody else may have locked them. */
const timeout = 15_000;

/** The settings for a night, with a timeout. */
export function settingsWithTimeout(
  settings: SettingsStore,
  clock: Clock,
): Pick<SettingsStore, 'keepHeads' | 'keptHeads' | 'lastRecorded' | 'read' | 'recordLocalCopy'> {
  const wait = <Result>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => withTimeout(work, { clock, milliseconds: timeout, signal, tooLong });
  return {
    read: (call) => wait(call?.signal, (signal) => settings.read({ signal })),
    ...(settings.lastRecorded === undefined
      ? {}
      : { lastRecorded: (call) => wait(call?.signal, async (signal) => settings.lastRecorded!({ signal })) }),
    ...(settings.keptHeads === undefined
      ? {}
      : { keptHeads: (call) => wait(call?.signal, async (signal) => settings.keptHeads!({ signal })) }),
    ...(settings.keepHeads === undefined
      ? {}
      : {
          keepHeads: (heads, call) =>
            wait(call?.signal, async (signal) => settings.keepHeads!(heads, { signal })),
        }),
    recordLocalCopy: (verifiedAt, call) =>
      wait(call?.signal, (signal) => settings.recordLocalCopy(verifiedAt, { signal })),
  };
}

function tooLong(): BackupError {
  return new BackupError(
    'database-unreachable',
    `The settings could not be read or written within ${timeout / 1000} seconds; they may be locked.`,
  );
}
