import type { StorageAdapter } from '../../storage/adapter.js';
import { createFileSystemStorage } from '../../storage/file-system/file-system.js';
import { type Clock, systemClock } from '../service/clock.js';
import { type SealedNight, type SealRequest, sealCopies } from './seal-copies.js';

/** What a night is given: the time, the network path, the reading of the database. */
export interface NightTools {
  readonly clock: Clock;
  /** The store in a folder of the practice's network. */
  readonly openPath: (path: string) => StorageAdapter;
  /** Reads the database once and seals a copy for each destination. */
  readonly sealCopies: (request: SealRequest) => Promise<SealedNight>;
}

/** Those of this machine. */
export function machineTools(clock: Clock = systemClock): NightTools {
  return { clock, openPath: (path) => createFileSystemStorage({ path }), sealCopies };
}
