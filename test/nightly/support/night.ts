import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseAddress } from '../../../src/database/address.js';
import type { Practice } from '../../../src/eligibility/is-eligible.js';
import { createMemoryAlerts, type MemoryAlerts } from '../../../src/nightly/alerts/memory-alerts.js';
import type { NightPlan } from '../../../src/nightly/run/night-plan.js';
import type { StorageAdapter } from '../../../src/storage/adapter.js';
import { createMemoryStorage } from '../../../src/storage/memory.js';
import { shareSaltOfPins } from './salt-of-pins.js';

/** A practice that may back up everywhere. */
export const eligiblePractice: Practice = {
  onSupport: true,
  hasEConnector: true,
  cloudDatabase: false,
  status: 'enabled',
  country: 'US',
};

/** Folders and stores of one practice, with a clock that stands where it is put. */
export interface NightBench {
  readonly folder: string;
  readonly spool: string;
  readonly share: string;
  readonly hq: StorageAdapter;
  readonly alerts: MemoryAlerts;
  readonly plan: NightPlan;
  setClock(now: string): void;
  now(): Date;
  remove(): Promise<void>;
}

/** A fresh practice 4711 with HQ in memory and a share in a folder. */
export async function setUpNight(
  database: DatabaseAddress,
  changes: Partial<NightPlan> = {},
): Promise<NightBench> {
  shareSaltOfPins();
  const folder = await mkdtemp(join(tmpdir(), 'sb-night-'));
  const share = join(folder, 'share');
  await mkdir(share);
  let clock = new Date('2026-07-15T05:00:00Z');
  const now = (): Date => clock;
  const hq = createMemoryStorage({ now });
  const alerts = createMemoryAlerts();
  const spool = join(folder, 'spool');
  return {
    folder,
    spool,
    share,
    hq,
    alerts,
    plan: {
      practiceId: '4711',
      practice: { ...eligiblePractice, networkPath: share },
      database,
      timeZone: 'America/Chicago',
      spool,
      spoolReserveBytes: 0,
      hq: { storage: hq, retry: { retries: 1, minTimeout: 1, maxTimeout: 1 } },
      local: { retry: { retries: 1, minTimeout: 1, maxTimeout: 1 } },
      alerts,
      now,
      ...changes,
    },
    setClock: (text) => {
      clock = new Date(text);
    },
    now,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
