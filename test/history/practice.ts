/**
 * A practice whose nights are the true ones: journal, spool, stores and alerts. Only its database is numbers.
 */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collectBytes } from '../../src/bytes.js';
import type { Destination } from '../../src/eligibility/is-eligible.js';
import type { KeptHeads } from '../../src/history/kept-heads.js';
import type { ReplicaState, TableFacts } from '../../src/history/loss/facts.js';
import type { Manifest } from '../../src/model/parts.js';
import { createMemoryAlerts, type MemoryAlerts } from '../../src/nightly/alerts/memory-alerts.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import type { SealedNight, SealRequest } from '../../src/nightly/run/seal-copies.js';
import { machineTools, type NightTools } from '../../src/nightly/run/tools.js';
import { type ScrubOptions, type ScrubTools, scrubWith } from '../../src/nightly/scrub/scrub-copies.js';
import type { ScrubReport } from '../../src/nightly/scrub/scrub-report.js';
import { type Clock, systemClock } from '../../src/nightly/service/clock.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { fakeArchive } from '../simulate/sealed.js';

const day = 86_400_000;

/** One practice with HQ's store and one of its own. */
export class NumberedPractice {
  readonly spool: string;
  readonly hq: StorageAdapter;
  readonly local: StorageAdapter;
  readonly alerts: MemoryAlerts = createMemoryAlerts();
  tables: Record<string, TableFacts> = {};
  version = '24.1';
  replica: ReplicaState | undefined;
  recipient = 'age1office';
  now: Date = new Date('2026-01-02T05:00:00Z');
  /** How far ahead the clock of the computer is of that of the stores, in milliseconds. */
  ahead = 0;
  more: Partial<NightPlan> = {};
  /** The newest notes, as the database that is read knows them; undefined where it keeps none. */
  heads: (() => Promise<readonly KeptHeads[]>) | undefined;
  /** How older copies are read again after each night; undefined where they are not. */
  scrubbing: Pick<ScrubTools, 'keepEvery' | 'silence'> | undefined;
  #made = 0;

  private constructor(folder: string) {
    this.spool = join(folder, 'spool');
    const now = (): Date => new Date(this.now.getTime() - this.ahead);
    this.hq = createMemoryStorage({ now });
    this.local = createMemoryStorage({ now });
  }

  static async open(): Promise<NumberedPractice> {
    return new NumberedPractice(await mkdtemp(join(tmpdir(), 'sb-practice-')));
  }

  /** The same practice once more, as it is now: its spool and its stores, but neither alerts nor `more`. */
  async copy(): Promise<NumberedPractice> {
    const other = await NumberedPractice.open();
    await cp(this.spool, other.spool, { recursive: true });
    other.ahead = this.ahead;
    for (const place of ['hq', 'local'] as const) {
      for await (const { key, modifiedAt } of this[place].list('4711/')) {
        other.now = new Date(modifiedAt.getTime() + other.ahead);
        await other[place].put(key, replayableBytes(await collectBytes(this[place].get(key))));
      }
    }
    const { tables, version, replica, recipient, now } = this;
    Object.assign(other, { tables: { ...tables }, version, replica, recipient, now });
    other.#made = this.#made;
    return other;
  }

  get plan(): NightPlan {
    const alike = { retry: 'none', retention: { daily: 'P6D' } } as const;
    return {
      practiceId: '4711',
      practice: {
        onSupport: true,
        hasEConnector: true,
        cloudDatabase: false,
        status: 'enabled',
        country: 'US',
      },
      database: { host: 'none', user: 'none', database: 'opendental' },
      timeZone: 'America/Chicago',
      spool: this.spool,
      spoolReserveBytes: 0,
      hq: { storage: this.hq, ...alike },
      local: { storage: this.local, ...alike },
      alerts: this.alerts,
      now: () => this.now,
      ...this.more,
    };
  }

  /** The codes of alerts that stand. */
  get standing(): readonly string[] {
    return [...this.alerts.standing.keys()];
  }

  /** Makes tonight's copies, or those that are said to be due, and goes on to the next evening. */
  async night(destinations?: readonly Destination[]): Promise<BackupReport> {
    const tools = this.tools({ ...systemClock, now: () => this.now });
    const report = await makeCopies(this.plan, { scheduled: true, destinations }, tools);
    if (this.scrubbing !== undefined) await this.scrub();
    this.now = new Date(this.now.getTime() + day);
    return report;
  }

  /** What its nights work with. */
  tools(clock: Clock): NightTools {
    return { ...machineTools(clock), sealCopies: (request) => this.#seal(request) };
  }

  /** Reads older copies again, as after the night before. */
  async scrub(options: ScrubOptions = {}): Promise<ScrubReport> {
    const clock = { ...systemClock, now: () => this.now };
    return scrubWith(this.plan, options, { ...machineTools(clock), ...this.scrubbing });
  }

  async nights(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) await this.night();
  }

  close(): Promise<void> {
    return rm(join(this.spool, '..'), { recursive: true, force: true });
  }

  async #seal({ destinations, spool, night, now, onSealed }: SealRequest): Promise<SealedNight> {
    const holder = { userNum: '1', userName: 'Admin', recipient: this.recipient };
    for (const destination of destinations) {
      this.#made += 1;
      const archiveId = createHash('md5').update(`${this.spool} ${this.#made}`).digest('hex');
      const scope = destination === 'hq' ? 'critical' : 'full';
      const createdAt = now().toISOString();
      const archive = fakeArchive({ archiveId, createdAt, practiceId: '4711', scope, holder, size: 100 });
      const spooled = await spool.write(archive);
      const tables = Object.entries(this.tables).map(([name, facts]) => ({ name, ...facts }));
      const manifest = { ...spooled.manifest, tables } as unknown as Manifest;
      await onSealed(
        destination,
        { ...spooled, manifest },
        {
          archiveId,
          key: `4711/${night}/${archiveId}.tar.age`,
          night,
          scope,
          bytes: spooled.size,
          sha256: spooled.sha256,
          recipient: this.recipient,
          tables: tables.length,
          rows: 0,
          plainBytes: 0,
          leftOut: [],
        },
      );
    }
    const admin = { userNum: '1', userName: 'Admin', isHidden: false, lastLogin: null };
    return {
      failures: new Map(),
      warnings: [],
      admins: [admin as unknown as SealedNight['admins'][number]],
      facts: { keyHolder: { ...holder, unlock: 'stored-hash' } },
      definitions: new Map(
        Object.entries(this.tables).map(([name, { definition = '' }]) => [name, definition]),
      ),
      version: this.version,
      ...(this.replica === undefined ? {} : { replica: this.replica }),
      ...(this.heads === undefined ? {} : { heads: await this.heads() }),
    };
  }
}
