import type { EnrollmentStore } from '../../admin/enrollment.js';
import type { KitStore } from '../../admin/kits/kit-store.js';
import type { KeyPolicy } from '../../admin/seal-for.js';
import { assertArgument, assertStorage } from '../../arguments.js';
import type { TablePolicy } from '../../catalog/table-policy.js';
import type { DatabaseAddress } from '../../database/address.js';
import { checkAddress } from '../../database/check-address.js';
import type { LockTimeoutOptions } from '../../dump/locks.js';
import type { DamagedTables, HistoryMode } from '../../dump/snapshot.js';
import type { ConsistencyMode } from '../../dump/strategy.js';
import type { Destination, Practice } from '../../eligibility/is-eligible.js';
import type { LossThresholds } from '../../history/loss/judge-night.js';
import { parseNoteKey } from '../../history/note.js';
import type { Signer } from '../../history/signer.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { isWindowsName } from '../../storage/file-system/names.js';
import type { RetryOptions } from '../../storage/wrappers/with-retry.js';
import type { AlertSink } from '../alerts/alert.js';
import { type AlertThresholds, checkThresholds } from '../alerts/thresholds.js';
import type { Logger } from '../log/logger.js';
import type { RetentionPolicy } from '../retention.js';
import { defaultScrubNights } from '../scrub/due-copies.js';
import type { SettingsStore } from '../settings/settings.js';
import type { BackupReport } from './backup-report.js';
import type { BackupEvent } from './events.js';
import type { EvidencePlan } from './evidence-plan.js';

/** All facts about a practice that a run needs. Made once; the same for every night. */
export interface NightPlan {
  /**
   * The first part of the key of every archive: letters, digits, `-`, `_` and `.`, at most 64. It must be a
   * possible name of a Windows folder, so not `CON`, and no `.` at its end.
   */
  readonly practiceId: string;
  /**
   * What decides where the practice may back up. Status and path of {@link NightPlan.settings} win over
   * these.
   */
  readonly practice: Practice;
  /** The practice's database; the name of the database is needed. */
  readonly database: DatabaseAddress;
  /** IANA name of the practice's time zone. */
  readonly timeZone: string;
  /**
   * Folder for sealed archives that wait to be sent, for the journal and for the guard against a second run.
   * One per practice, on a local disk with room for both copies; created if missing.
   */
  readonly spool: string;
  /** HQ's store; absent where the practice's copies stay in the office. */
  readonly hq?: DestinationPlan | undefined;
  /** The local copy. Its store is the practice's network path where none is given. */
  readonly local?: LocalPlan | undefined;
  /**
   * Signs the note beside every archive, such as a key in a TPM.
   * @defaultValue a key of the service's own, made at the first run and kept in the spool folder
   */
  readonly signer?: Signer | undefined;
  /**
   * The signing keys of further computers that make copies of this practice, as the report and every note
   * name them.
   */
  readonly trustedKeys?: readonly string[] | undefined;
  /** When a night looks like a loss. @defaultValue those of `judgeNight` */
  readonly loss?: LossThresholds | 'off' | undefined;
  /** How archives are sealed. */
  readonly keys?: KeyPlan | undefined;
  /** Where the practice's settings are kept. */
  readonly settings?: SettingsStore | undefined;
  /** Where alerts go. @defaultValue nowhere */
  readonly alerts?: AlertSink | undefined;
  /**
   * When alerts are raised; `'strict'` where no copy at either place may become 48 hours old. @defaultValue
   * as each member says
   * @defaultValue as each member says
   */
  readonly alertThresholds?: AlertThresholds | 'strict' | undefined;
  /** Takes a line for each step. @defaultValue none */
  readonly logger?: Logger | undefined;
  /** What is critical; HQ's copy holds just that. @defaultValue the Open Dental policy */
  readonly tables?: TablePolicy | undefined;
  /** Whether all tables must be of one moment. @defaultValue 'auto' */
  readonly consistency?: ConsistencyMode | undefined;
  /** Connections that read at the same time. @defaultValue 2 */
  readonly connections?: number | undefined;
  /** Whether a damaged table ends the night, or what can be read of it is copied. @defaultValue 'refuse' */
  readonly damagedTables?: DamagedTables | undefined;
  /** Whether old versions of rows in system-versioned tables are copied. @defaultValue 'current' */
  readonly history?: HistoryMode | undefined;
  /** How long to wait for locks, and how long others may wait for ours. */
  readonly timeouts?: LockTimeoutOptions | undefined;
  /** Space that must stay free on the disk of the spool, in bytes. @defaultValue 1 GiB */
  readonly spoolReserveBytes?: number | undefined;
  /**
   * Most minutes for which copies are read again where no window sets a limit: after `night --once`, and by
   * `scrubCopies`. @defaultValue 30
   */
  readonly scrubMinutes?: number | undefined;
  /** Rehearses a restore from time to time. */
  readonly rehearsal?: RehearsalPlan | undefined;
  /** Writes a page about the copies at the end of every run, see `createEvidencePage`. @defaultValue none */
  readonly evidence?: EvidencePlan | undefined;
  /** @defaultValue the machine's clock */
  readonly now?: (() => Date) | undefined;
}

/** One place for copies. */
export interface DestinationPlan {
  /** Where the copies go. */
  readonly storage: StorageAdapter;
  /**
   * Which archives are removed after a good night; `'keep-all'` where the store sees to it.
   *
   * @defaultValue `defaultRetention`
   */
  readonly retention?: RetentionPolicy | 'keep-all' | undefined;
  /** How transient faults of the store are retried; `'none'` where the adapter does that itself. */
  readonly retry?: Omit<RetryOptions, 'onRetry'> | 'none' | undefined;
  /**
   * Every byte of every copy here is read again within so many nights, after the night's work, and compared
   * with what was written. `'never'` where reading costs too much.
   *
   * @defaultValue 28
   */
  readonly scrubEveryNights?: number | 'never' | undefined;
}

/** The local copy. Its store may be the network path of the settings. */
export type LocalPlan = Omit<DestinationPlan, 'storage'> & { readonly storage?: StorageAdapter | undefined };

/** How archives are sealed. */
export interface KeyPlan {
  /** Where key pairs are kept. @defaultValue a file in the spool folder */
  readonly store?: EnrollmentStore | undefined;
  /** @defaultValue 'prefer-enrolled' */
  readonly policy?: KeyPolicy | undefined;
  /** New pairs withstand quantum computers as well. @defaultValue false */
  readonly postQuantum?: boolean | undefined;
  /** Further `age1…` recipients, such as a key of the owner's in a safe. @defaultValue none */
  readonly furtherRecipients?: readonly string[] | undefined;
  /**
   * Where the recovery kits of the practice are kept. @defaultValue the file `kits.json` in the spool folder
   */
  readonly kits?: KitStore | undefined;
}

/**
 * A rehearsal of a restore, now and then. The night itself holds no key, so the host decides how it is done.
 */
export interface RehearsalPlan {
  /** Nights from one rehearsal to the next. */
  readonly everyNights: number;
  /**
   * Called after a night whose copies are all verified. A throw, or a result that is not ok, raises the alert
   * `rehearsal-failed`.
   */
  readonly run: (
    report: BackupReport,
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<{ readonly ok: boolean; readonly summary: string }>;
}

/** Options of one run. */
export interface RunOptions {
  /** What is due. @defaultValue every destination of the plan */
  readonly destinations?: readonly Destination[] | undefined;
  /** ISO date of the evening the run counts for. @defaultValue the night of the present moment */
  readonly night?: string | undefined;
  /**
   * When the work must be over; the next run continues what is still being sent then.
   *
   * @defaultValue never
   */
  readonly deadline?: Date | undefined;
  /**
   * Whether it is the run of the night, as `startNightly` makes it. A run by hand does not change the
   * schedule: it does not count as an attempt of the night, its copies are stored beside the night's, and the
   * night still makes its own.
   *
   * @defaultValue false
   */
  readonly scheduled?: boolean | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with every event. An error that it throws ends the run. */
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
}

/** The places a plan has. */
export function configuredDestinations(plan: NightPlan): readonly Destination[] {
  return [
    ...(plan.hq === undefined ? [] : (['hq'] as const)),
    ...(plan.local === undefined ? [] : (['local'] as const)),
  ];
}

/** In how many nights every copy of a place is read again; null for never. */
export function scrubNightsOf(plan: NightPlan, destination: Destination): number | null {
  const every = plan[destination]?.scrubEveryNights ?? defaultScrubNights;
  return every === 'never' ? null : every;
}

/** @throws TypeError when a plan lacks something */
export function checkPlan(plan: NightPlan): void {
  assertArgument('plan', plan, 'object', {
    practiceId: 'text',
    practice: 'object',
    timeZone: 'text',
    spool: 'text',
    hq: 'object?',
    local: 'object?',
    evidence: 'object?',
    now: 'function?',
  });
  if (plan.evidence !== undefined)
    assertArgument('plan.evidence', plan.evidence, 'object', { write: 'function' });
  checkThresholds(plan.alertThresholds);
  checkAddress(plan.database, 'plan.database');
  if (plan.hq !== undefined) assertStorage('plan.hq.storage', plan.hq.storage);
  if (plan.local?.storage !== undefined) assertStorage('plan.local.storage', plan.local.storage);
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(plan.practiceId)) {
    throw new TypeError('"plan.practiceId" must be 1 to 64 letters, digits, "-", "_" and "."');
  }
  if (!isWindowsName(plan.practiceId)) {
    throw new TypeError('"plan.practiceId" must be a name that a folder of Windows can have');
  }
  if ((plan.database.database ?? '') === '') throw new TypeError('"plan.database.database" must be given');
  for (const key of plan.trustedKeys ?? []) {
    if (parseNoteKey(key) === null) throw new TypeError('"plan.trustedKeys" must be keys as notes name them');
  }
  for (const destination of configuredDestinations(plan)) {
    const every = scrubNightsOf(plan, destination);
    if (every !== null && !(Number.isInteger(every) && every >= 1 && every <= 366)) {
      throw new RangeError(`"plan.${destination}.scrubEveryNights" must be from 1 to 366, or 'never'`);
    }
  }
  if (!((plan.scrubMinutes ?? 0) >= 0)) throw new RangeError('"plan.scrubMinutes" must be 0 or more');
  if (plan.spool === '') throw new TypeError('"plan.spool" must be a folder');
  if (configuredDestinations(plan).length === 0) throw new TypeError('"plan" must have "hq" or "local"');
}
