import type { EnrollmentStore } from '../../admin/enrollment.js';
import { activeKits, type KitStore, type RecoveryKit } from '../../admin/kits/kit-store.js';
import type { PinnedKey } from '../../admin/pinned-key.js';
import { readAdmins } from '../../admin/read-admins.js';
import {
  type AdminCandidate,
  isSameAdmin,
  type LastAdmin,
  resolveLastAdmin,
} from '../../admin/resolve-last-admin.js';
import { type Seal, sealFor } from '../../admin/seal-for.js';
import { encryptArchive, filterParts, forkParts } from '../../archive/index.js';
import type { Catalog, TableSelection } from '../../catalog/model.js';
import { openDentalPolicy } from '../../catalog/open-dental/index.js';
import { selectAllTables } from '../../catalog/select-all-tables.js';
import { selectCriticalTables } from '../../catalog/select-critical-tables.js';
import { openConnection } from '../../database/connection.js';
import { dumpDatabase } from '../../dump/dump-database.js';
import { openSnapshot, type Snapshot } from '../../dump/snapshot.js';
import { startAgainOnChange } from '../../dump/start-again.js';
import type { Destination } from '../../eligibility/is-eligible.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { KeptHeads } from '../../history/kept-heads.js';
import type { ReplicaState } from '../../history/loss/facts.js';
import { archiveKeyOf } from '../../history/note-body.js';
import type { ArchiveScope, DumpWarning, Part } from '../../model/parts.js';
import { readReplica } from '../origin/read-replica.js';
import type { BackupReport, CopyReport } from './backup-report.js';
import type { BackupEvent } from './events.js';
import type { NightPlan } from './night-plan.js';
import { fingerprintsOf, readKeptHeads, readVersion } from './practice-facts.js';
import type { Spool, SpooledArchive } from './spool.js';

/** What is read, and for whom it is sealed. */
export interface SealRequest {
  readonly plan: NightPlan;
  readonly spool: Spool;
  readonly night: string;
  /** One or both. */
  readonly destinations: readonly Destination[];
  /** Where the keys of administrators are. */
  readonly keys: EnrollmentStore;
  /** Where the recovery kits are. */
  readonly kits: Pick<KitStore, 'load'>;
  /** The keys of earlier nights, by key holder. */
  readonly pins: readonly PinnedKey[];
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly emit: (event: BackupEvent) => void;
  /** Called for each archive as soon as it is completely on the disk. */
  readonly onSealed: (destination: Destination, spooled: SpooledArchive, copy: CopyReport) => Promise<void>;
}

/** The result of one reading of the database. */
export interface SealedNight {
  /** Failures of single destinations; the others are sealed. */
  readonly failures: ReadonlyMap<Destination, unknown>;
  readonly facts: Pick<
    BackupReport,
    'consistency' | 'database' | 'keyHolder' | 'lockSeconds' | 'readSeconds' | 'recoveryKits'
  >;
  readonly warnings: readonly DumpWarning[];
  /** The key that was used, to be remembered. */
  readonly pin?: PinnedKey;
  /** The recovery kits that the copies open with; absent if they could not be read. */
  readonly kits?: readonly RecoveryKit[];
  /**
   * Fingerprints of the tables' columns, by name, and the version of the practice's software where it is
   * known.
   */
  readonly definitions?: ReadonlyMap<string, string>;
  readonly version?: string;
  /** The newest notes in the database that was read; undefined where it keeps none. */
  readonly heads?: readonly KeptHeads[];
  /** The replication state of the server, if it is a replica and says so. */
  readonly replica?: ReplicaState;
  /** The administrators at the moment of the copy. */
  readonly admins: readonly AdminCandidate[];
}

/** The largest archive as a share of the data, as seen at practices; compressed columns need less. */
const spaceShare = 0.35;

/** The scope of each destination. */
const scopes: Readonly<Record<Destination, ArchiveScope>> = { hq: 'critical', local: 'full' };

/**
 * Reads the database once and seals what was read for each destination: the critical tables for HQ,
 * everything for the local copy, each archive under a file key of its own. Locks and snapshot are gone when
 * it resolves.
 *
 * @throws BackupError `no-usable-admin`, `storage-full`, or what the reading throws
 */
export function sealCopies(request: SealRequest): Promise<SealedNight> {
  const { emit, signal } = request;
  return startAgainOnChange(() => readAndSeal(request), {
    signal,
    onRestart: (attempt) => emit({ kind: 'read-again', attempt }),
  });
}

async function readAndSeal(request: SealRequest): Promise<SealedNight> {
  const { plan, emit, signal } = request;
  emit({ kind: 'phase', phase: 'admin' });
  const { last, replica } = await askBefore(request);
  // Before any table is locked: a new key takes a third of a second, and may be stored in the same database.
  const seal = await sealFor(last, {
    store: request.keys,
    policy: plan.keys?.policy,
    postQuantum: plan.keys?.postQuantum,
    now: request.now(),
    pinned: pinnedFor(last, request.pins),
    signal,
  });
  const { kits, warnings: kitWarnings } = await readKits(request);
  emit({ kind: 'phase', phase: 'snapshot' });
  const started = performance.now();
  const snapshot = await openSnapshot(plan.database, {
    selection: (catalog) => selectionFor(request, catalog),
    signal,
    onEvent: (event) => emit({ kind: 'snapshot', event }),
    consistency: plan.consistency,
    connections: plan.connections,
    history: plan.history,
    damagedTables: plan.damagedTables,
    timeouts: plan.timeouts,
  });
  try {
    const inside = await readAdmins(snapshot, { signal });
    if (!isSameAdmin(last, resolveLastAdmin(inside, { asOf: request.now() }))) {
      throw new BackupError('schema-changed', 'Another administrator logged in while the backup began.');
    }
    const version = await readVersion(snapshot, signal);
    const heads = await readKeptHeads(snapshot, signal);
    const { failures, warnings } = await sealWhatIsRead(request, snapshot, { ...seal, kits });
    return {
      failures,
      admins: inside,
      definitions: fingerprintsOf(snapshot.catalog),
      ...(version === undefined ? {} : { version }),
      ...(replica === undefined ? {} : { replica }),
      ...(heads === undefined ? {} : { heads }),
      ...(seal.pin === undefined ? {} : { pin: seal.pin }),
      ...(kitWarnings.length > 0 ? {} : { kits }),
      warnings: [...keyWarnings(seal), ...kitWarnings, ...warnings],
      facts: {
        database: {
          name: snapshot.catalog.database,
          server: `${snapshot.catalog.server.vendor} ${snapshot.catalog.server.version}`,
        },
        keyHolder: { ...seal.keyHolder, unlock: seal.unlock[0].kind },
        ...(kits.length === 0
          ? {}
          : { recoveryKits: kits.map(({ id, owner, createdAt }) => ({ id, owner, createdAt })) }),
        consistency: snapshot.consistency,
        lockSeconds: snapshot.lockSeconds(),
        readSeconds: (performance.now() - started) / 1000,
      },
    };
  } finally {
    await snapshot.close();
  }
}

interface SealAndKits extends Seal {
  readonly kits: readonly RecoveryKit[];
}

/** The recovery kits that also open the copies. A failure to read them must not end the night. */
async function readKits({ kits, signal }: SealRequest): Promise<{
  readonly kits: readonly RecoveryKit[];
  readonly warnings: readonly DumpWarning[];
}> {
  try {
    return { kits: activeKits(await kits.load({ signal })), warnings: [] };
  } catch (error) {
    signal.throwIfAborted();
    const reason = isBackupError(error) ? error.happened : 'Their store failed.';
    const message = `The recovery kits could not be read, so tonight's copies open with none of them. ${reason}`;
    return { kits: [], warnings: [{ code: 'kit-unreadable', message }] };
  }
}

function pinnedFor(last: LastAdmin, pins: readonly PinnedKey[]): PinnedKey | null {
  return ('admin' in last && pins.find(({ userNum }) => userNum === last.admin.userNum)) || null;
}

/** What is read before any table is locked. */
async function askBefore({
  plan,
  now,
  signal,
}: SealRequest): Promise<{ readonly last: LastAdmin; readonly replica: ReplicaState | undefined }> {
  const connection = await openConnection(plan.database, { signal });
  try {
    const last = resolveLastAdmin(await readAdmins(connection, { signal }), { asOf: now() });
    return { last, replica: await readReplica(connection) };
  } finally {
    await connection.close();
  }
}

function selectionFor({ plan, destinations }: SealRequest, catalog: Catalog): TableSelection {
  return destinations.some((destination) => scopes[destination] === 'full')
    ? selectAllTables(catalog)
    : criticalTables(plan, catalog);
}

function criticalTables(plan: NightPlan, catalog: Catalog): TableSelection {
  return selectCriticalTables(catalog, plan.tables ?? openDentalPolicy);
}

async function sealWhatIsRead(
  request: SealRequest,
  snapshot: Snapshot,
  seal: SealAndKits,
): Promise<Pick<SealedNight, 'failures' | 'warnings'>> {
  const { plan, destinations, spool, signal, emit } = request;
  const { catalog, selection } = snapshot;
  const critical = destinations.includes('hq') ? criticalTables(plan, catalog) : null;
  await spool.assertSpace(neededSpace(catalog, destinations, critical));
  emit({ kind: 'phase', phase: 'read' });
  const dump = dumpDatabase(snapshot, {
    signal,
    onProgress: (progress) => emit({ kind: 'read-progress', progress }),
  });
  const streams = destinations.length === 1 ? [dump] : forkParts(dump, destinations.length);
  const damage = new Map<string, DumpWarning>();
  const results = await Promise.allSettled(
    destinations.map(async (destination, i) => {
      const stream = streams[i]!;
      try {
        const isNarrowed = destination === 'hq' && selection.scope === 'full';
        const parts = isNarrowed ? filterParts(stream, critical!) : stream;
        for (const warning of await sealForDestination(request, destination, parts, seal)) {
          if (warning.code === 'table-damaged') damage.set(warning.message, warning);
        }
      } catch (error) {
        // A consumer that just stops would block the other one.
        await stream[Symbol.asyncIterator]().return?.(undefined);
        throw error;
      }
    }),
  );
  const failures = new Map<Destination, unknown>();
  results.forEach((result, i) => {
    if (result.status === 'rejected') failures.set(destinations[i]!, result.reason);
  });
  const [first] = failures.values();
  if (failures.size === destinations.length) throw first;
  return { failures, warnings: [...warningsOf(snapshot, critical), ...damage.values()] };
}

/** @returns the warnings of the archive's manifest */
async function sealForDestination(
  { plan, night, spool, signal, now, onSealed }: SealRequest,
  destination: Destination,
  parts: AsyncIterable<Part>,
  seal: SealAndKits,
): Promise<readonly DumpWarning[]> {
  const scope = scopes[destination];
  const archive = encryptArchive(parts, {
    recipients: [
      ...seal.recipients,
      ...seal.kits.map(({ recipient }) => recipient),
      ...(plan.keys?.furtherRecipients ?? []),
    ],
    label: {
      practiceId: plan.practiceId,
      database: plan.database.database!,
      scope,
      createdAt: now().toISOString(),
      keyHolder: seal.keyHolder,
      unlock: seal.unlock,
      ...(seal.kits.length === 0
        ? {}
        : { recoveryKits: seal.kits.map(({ id, createdAt, recipient }) => ({ id, createdAt, recipient })) }),
    },
    signal,
  });
  const spooled = await spool.write(archive);
  const { tables, leftOut } = spooled.manifest;
  const sum = (of: (table: (typeof tables)[number]) => number): number =>
    tables.reduce((total, table) => total + of(table), 0);
  await onSealed(destination, spooled, {
    archiveId: spooled.archiveId,
    key: archiveKeyOf({ practiceId: plan.practiceId, night, archiveId: spooled.archiveId }),
    night,
    scope,
    bytes: spooled.size,
    sha256: spooled.sha256,
    ...(seal.unlock[0] === undefined ? {} : { recipient: seal.unlock[0].recipient }),
    tables: tables.length,
    rows: sum(({ rows }) => rows),
    plainBytes: sum(({ plainBytes }) => plainBytes),
    leftOut,
  });
  return spooled.manifest.warnings;
}

/** How much room sealed copies of a database may take, in bytes. */
export function neededSpace(
  catalog: Catalog,
  destinations: readonly Destination[],
  critical: TableSelection | null,
): number {
  const withRows = new Set(
    critical?.tables.filter(({ definitionOnly }) => definitionOnly === undefined).map(({ name }) => name),
  );
  let bytes = 0;
  for (const { name, dataBytes } of catalog.tables) {
    if (destinations.includes('local')) bytes += dataBytes;
    if (withRows.has(name)) bytes += dataBytes;
  }
  return Math.ceil(bytes * spaceShare);
}

function warningsOf({ warnings, selection }: Snapshot, critical: TableSelection | null): DumpWarning[] {
  const cut = (critical?.tables ?? []).flatMap(({ name, rowFilter }): DumpWarning[] => {
    if (rowFilter === undefined) return [];
    const message = `HQ's copy holds only some rows of ${name}. ${rowFilter.reason}`;
    return [{ code: 'rows-left-out', message, table: name }];
  });
  // A snapshot of only the critical tables already has their warnings.
  return [...warnings, ...(selection.scope === 'critical' ? [] : (critical?.warnings ?? [])), ...cut];
}

function keyWarnings({ warnings }: Seal): DumpWarning[] {
  return warnings.map(({ code, message }) => ({ code, message }));
}
