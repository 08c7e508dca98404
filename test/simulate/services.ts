/** What a night asks of others: the settings, HQ's schedule, whoever is told. They fail and hang. */
import { BackupError } from '../../src/errors.js';
import { formatKeptHeads, type KeptHeads, parseKeptHeads } from '../../src/history/kept-heads.js';
import type { AlertSink } from '../../src/nightly/alerts/alert.js';
import type { NightlyOptions, ServiceSchedule } from '../../src/nightly/service/nightly-options.js';
import type { BackupSettings, SettingsStore } from '../../src/nightly/settings/settings.js';
import type { Facts } from './facts.js';
import type { Judge } from './judge.js';
import { forEver, type Owner, time } from './time.js';

export class Services {
  readonly #facts: Facts;
  readonly #judge: Judge;
  readonly faulty: Record<'database' | 'schedule' | 'settings' | 'sink', string> = {
    database: '',
    settings: '',
    sink: '',
    schedule: '',
  };
  #settings: BackupSettings = { status: 'enabled', networkPath: '/path/a', lastLocalCopy: null };
  #lastRecordedOn = true;
  /** The newest notes, as the practice's database keeps them; undefined where it keeps none. */
  #heads: string | undefined;
  #pathsSince = 0;
  #statusSince = 0;

  constructor(facts: Facts, judge: Judge, keepsHeads: boolean) {
    this.#facts = facts;
    this.#judge = judge;
    if (keepsHeads) this.#heads = '';
  }

  /** The newest notes in the database that is read. */
  get heads(): readonly KeptHeads[] | undefined {
    return this.#heads === undefined ? undefined : parseKeptHeads(this.#heads);
  }

  /** What the practice's database remembers of copies, to which it can be turned back. */
  image(): () => void {
    const [heads, { lastLocalCopy }] = [this.#heads, this.#settings];
    return () => {
      this.#heads = heads;
      this.#settings = { ...this.#settings, lastLocalCopy };
    };
  }

  get settings(): BackupSettings {
    return this.#settings;
  }

  /** Since when the network path is what it is. */
  get pathsSince(): number {
    return this.#pathsSince;
  }

  /** Since when backups are on or off as they are. */
  get statusSince(): number {
    return this.#statusSince;
  }

  /** Nobody can be told, or nobody knows what to tell. */
  get isSilent(): boolean {
    return this.faulty.sink !== '' || this.faulty.settings !== '' || this.faulty.database !== '';
  }

  setPath(networkPath: string): void {
    this.#settings = { ...this.#settings, networkPath };
    this.#pathsSince = time.now;
  }

  switchOff(isOff: boolean, how: string): void {
    this.#statusSince = time.now;
    const off = how === 'by-hq' ? 'disabled-by-hq' : 'disabled';
    this.#settings = { ...this.#settings, status: isOff ? off : 'enabled' };
    this.#lastRecordedOn = !isOff || how !== 'recorded';
  }

  calm(): void {
    Object.assign(this.faulty, { database: '', settings: '', sink: '', schedule: '' });
    if (this.#settings.status !== 'enabled') this.#statusSince = time.now;
    this.#settings = { ...this.#settings, status: 'enabled', networkPath: '/path/a' };
  }

  get givesHours(): boolean {
    return this.faulty.schedule === '' || this.faulty.schedule === 'moved';
  }

  schedule(): NonNullable<NightlyOptions['schedule']> {
    const { schedule, policy } = this.#facts;
    if (policy === 'keep-all') return schedule;
    return async (): Promise<ServiceSchedule> => {
      if (this.faulty.schedule === 'failing') throw new Error('HQ is away');
      if (this.faulty.schedule === 'hanging') return forEver();
      if (this.faulty.schedule === 'nonsense') return { opens: 'tonight', attemptsPerNight: -1 };
      return this.faulty.schedule === 'moved' ? this.#facts.movedSchedule : schedule;
    };
  }

  settingsFor(computer: number, power: Owner): SettingsStore {
    const answer = async (): Promise<void> => {
      const { settings, database } = this.faulty;
      if (!power.isAlive || settings === 'hanging' || database === 'hanging') return forEver();
      if (settings === 'failing' || database === 'away') {
        throw new BackupError('database-unreachable', 'The settings cannot be read.');
      }
    };
    return {
      read: async () => {
        await answer();
        return this.#settings;
      },
      save: async () => this.#settings,
      lastRecorded: async () => {
        await answer();
        return { enabled: this.#lastRecordedOn };
      },
      recordLocalCopy: async (verifiedAt) => {
        await answer();
        this.#judge.dateRecorded(computer, verifiedAt);
        this.#settings = { ...this.#settings, lastLocalCopy: verifiedAt };
      },
      ...(this.#heads === undefined
        ? {}
        : {
            keptHeads: async () => {
              await answer();
              return parseKeptHeads(this.#heads ?? '');
            },
            keepHeads: async (heads: KeptHeads) => {
              await answer();
              this.#heads = formatKeptHeads(parseKeptHeads(this.#heads ?? ''), heads);
            },
          }),
    };
  }

  /** @param scheduled - whether it is the service that tells, and not a run by hand */
  sinkFor(computer: number, power: Owner, scheduled: boolean): AlertSink {
    const judge = this.#judge;
    const answer = async (isBefore: boolean): Promise<void> => {
      if (!power.isAlive) return forEver();
      const { sink } = this.faulty;
      if (sink === 'answers-lost' && !isBefore) judge.excuse(computer, time.now);
      if (sink === (isBefore ? 'hanging' : '')) return sink === '' ? undefined : forEver();
      if (sink === (isBefore ? 'failing' : 'answers-lost')) throw new Error('the sink is away');
    };
    return {
      raise: async (alert) => {
        judge.raising(computer, alert);
        await answer(true);
        judge.raised(computer, alert);
        await answer(false);
      },
      clear: async (code) => {
        judge.clearing(computer, code);
        await answer(true);
        judge.cleared(computer, code, false);
        await answer(false);
      },
      nightEnded: async (outcome) => {
        await answer(true);
        if (scheduled) judge.nightEnded(computer, outcome);
        await answer(false);
      },
    };
  }
}
