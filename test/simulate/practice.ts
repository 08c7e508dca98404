/** A practice for some years: its people, its database, its stores and computers, and what befalls them. */

import type { AdminCandidate } from '../../src/admin/resolve-last-admin.js';
import { Secret } from '../../src/admin/secret.js';
import type { Practice as PracticeFacts } from '../../src/eligibility/is-eligible.js';
import { BackupError } from '../../src/errors.js';
import type { AlertSink } from '../../src/nightly/alerts/alert.js';
import type { RetentionPolicy } from '../../src/nightly/retention.js';
import type { BackupEvent } from '../../src/nightly/run/events.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import type { SealedNight, SealRequest } from '../../src/nightly/run/seal-copies.js';
import type { NightlyOptions, ServiceSchedule } from '../../src/nightly/service/start-nightly.js';
import type { BackupSettings, SettingsStore } from '../../src/nightly/settings/settings.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { Computer } from './computer.js';
import { calmDays, cycleDays, day, type Fault, faultsOf, hour, stormDays } from './faults.js';
import { fromNoon, isClockChange, Judge, wallTime } from './judge.js';
import { createRandom, type Random } from './random.js';
import { fakeArchive, unlockOf } from './sealed.js';
import { passing, Store, type StoreFault, type StoreUser } from './store.js';
import { forEver, type Owner, time } from './time.js';

const minute = 60_000;
const zones = [
  'America/Chicago',
  'America/Phoenix',
  'Australia/Lord_Howe',
  'Europe/Vienna',
  'America/Santiago',
  'UTC',
];
const windows = [
  { opens: '22:00', closes: '04:00' },
  { opens: '22:00', closes: '04:00' },
  { opens: '20:30', closes: '06:15' },
  { opens: '02:00', closes: '03:00' },
  { opens: '23:00', closes: '00:30' },
  { opens: '12:15', closes: '13:00' },
];
const policies: readonly (RetentionPolicy | 'default' | 'keep-all')[] = [
  { daily: 'P3D', weekly: 'P3W' },
  { daily: 'P2D' },
  { daily: 'P5D', weekly: 'P4W', monthly: 'P3M' },
  'default',
  'keep-all',
];

interface User {
  readonly userNum: string;
  isThere: boolean;
  hasPassword: boolean;
  epoch: number;
  lastLogin: number;
}

export class Practice {
  readonly judge: Judge = new Judge();
  readonly computers: readonly Computer[];
  readonly #random: Random;
  readonly #zone: string;
  readonly #window: (typeof windows)[number];
  readonly #schedule: ServiceSchedule;
  readonly #policy: (typeof policies)[number];
  readonly #facts: PracticeFacts;
  readonly #hq: Store;
  readonly #paths: Readonly<Record<string, Store>>;
  readonly #users: User[];
  #settings: BackupSettings;
  #lastRecordedOn = true;
  #usersChangedAt = 0;
  #clocksWrongUntil = 0;
  /** Since when somebody could be told. */
  #wellSince = 0;
  #began = 0;
  #pathsSince = 0;
  readonly #faulty = { database: '', settings: '', sink: '', schedule: '' };

  constructor(seed: number, computers: number) {
    const random = createRandom(`practice ${seed}`);
    this.#random = random;
    this.#zone = random.pick(zones);
    this.#window = random.pick(windows);
    this.#policy = random.pick(policies);
    this.#schedule = {
      ...this.#window,
      localEveryNights: random.pick([1, 2, 7, 7]),
      ...(random.is(0.3) ? { catchUp: 'at-once' as const } : {}),
    };
    const isAbroad = random.is(0.1);
    this.#facts = {
      onSupport: true,
      hasEConnector: true,
      cloudDatabase: false,
      status: 'enabled',
      country: isAbroad ? 'CA' : 'US',
    };
    this.#settings = { status: 'enabled', networkPath: '/path/a', lastLocalCopy: null };
    this.#hq = new Store('HQ', createRandom(`hq ${seed}`));
    this.#paths = {
      '/path/a': new Store('folder /path/a', createRandom(`a ${seed}`)),
      '/path/b': new Store('folder /path/b', createRandom(`b ${seed}`)),
    };
    for (const store of this.#stores) this.judge.stores.set(store.description, store);
    this.#users = ['1', '2', '3'].map((userNum) => ({
      userNum,
      isThere: true,
      hasPassword: true,
      epoch: 1,
      lastLogin: Number(userNum === '1'),
    }));
    this.computers = Array.from({ length: computers }, (_, i) => new Computer(i, this, seed));
  }

  get #stores(): readonly Store[] {
    return [this.#hq, ...Object.values(this.#paths)];
  }

  // ---- what a plan is made of

  planFor(
    computer: Computer,
    power: Owner & { readonly start: number },
    scheduled: boolean,
  ): { readonly plan: NightPlan; readonly schedule: NonNullable<NightlyOptions['schedule']> } {
    const retention = this.#policy === 'default' ? {} : { retention: this.#policy };
    const quick = this.#random.is(0.5) ? { retry: { retries: 2 } } : {};
    const plan: NightPlan = {
      practiceId: '4711',
      practice: this.#facts,
      database: { host: '127.0.0.1', user: 'backup', database: 'opendental' } as NightPlan['database'],
      timeZone: this.#zone,
      spool: `/m${computer.number}.${power.start}/spool`,
      hq: { storage: this.#hq.for(this.#user(this.#hq, computer, power, scheduled)), ...retention, ...quick },
      local: { ...retention, ...quick },
      settings: this.#settingsStore(power),
      alerts: this.#sink(computer, power, scheduled),
    };
    const schedule = async (): Promise<ServiceSchedule> => {
      if (this.#faulty.schedule === 'failing') throw new Error('HQ is away');
      if (this.#faulty.schedule === 'hanging') return forEver();
      if (this.#faulty.schedule === 'nonsense') return { opens: 'tonight', attemptsPerNight: -1 };
      return this.#schedule;
    };
    return { plan, schedule: this.#policy === 'keep-all' ? this.#schedule : schedule };
  }

  pathFor(path: string, computer: Computer, power: Owner, scheduled: boolean): StorageAdapter {
    const store = this.#paths[path];
    if (store === undefined) throw new BackupError('destination-missing', `There is no ${path}.`);
    return store.for(this.#user(store, computer, power, scheduled));
  }

  #user(store: Store, computer: Computer, power: Owner, scheduled: boolean): StoreUser {
    return {
      get isAlive() {
        return power.isAlive;
      },
      onPut: (key) => {
        if (scheduled && key.endsWith('.age')) this.#assertInWindow(computer, `sends ${key}`);
      },
      onDeleted: (key, bytes) => {
        const isFresh = time.now - this.#usersChangedAt < 2 * day;
        const living = isFresh
          ? null
          : new Set(this.#users.filter((each) => each.isThere).map((each) => each.userNum));
        this.judge.removed(computer.number, store, { key, bytes }, living, {
          ...horizonsOf(this.#policy),
          isClockSound: this.#clocksWrongUntil === 0,
          timeZone: this.#zone,
        });
      },
    };
  }

  #settingsStore(power: Owner): SettingsStore {
    const answer = async (): Promise<void> => {
      if (!power.isAlive || this.#faulty.settings === 'hanging' || this.#faulty.database === 'hanging')
        return forEver();
      if (this.#faulty.settings === 'failing' || this.#faulty.database === 'away') {
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
        this.judge.dateRecorded(verifiedAt);
        this.#settings = { ...this.#settings, lastLocalCopy: verifiedAt };
      },
    };
  }

  #sink(computer: Computer, power: Owner, scheduled: boolean): AlertSink {
    const { judge } = this;
    const answer = async (isBefore: boolean): Promise<void> => {
      if (!power.isAlive) return forEver();
      const { sink } = this.#faulty;
      if (sink === 'answers-lost' && !isBefore) judge.excuse(computer.number, time.now);
      if (sink === (isBefore ? 'hanging' : '')) return sink === '' ? undefined : forEver();
      if (sink === (isBefore ? 'failing' : 'answers-lost')) throw new Error('the sink is away');
    };
    return {
      raise: async (alert) => {
        await answer(true);
        judge.raised(computer.number, alert);
        await answer(false);
      },
      clear: async (code) => {
        await answer(true);
        judge.cleared(computer.number, code, false);
        await answer(false);
      },
      nightEnded: async (outcome) => {
        await answer(true);
        if (scheduled) judge.nightEnded(computer.number, outcome);
        await answer(false);
      },
    };
  }

  onEvent(computer: Computer, event: BackupEvent, scheduled: boolean): void {
    const { judge } = this;
    if (event.kind === 'verified') {
      const { destination, copy } = event;
      const store = destination === 'hq' ? 'HQ' : this.#whereIs(copy.key);
      judge.verified(computer.number, store, copy.key, copy.verifiedAt ?? '');
    }
    if (event.kind === 'finished') {
      // Settings and sinks are waited for a quarter of a minute each, once the window is over.
      if (scheduled) this.#assertInWindow(computer, 'ends the night', 3);
      judge.say(
        `${computer.number} ${scheduled ? 'night' : 'by hand'} ${event.report.night} ${event.report.outcome}: ${event.report.destinations
          .map((each) => `${each.destination} ${each.outcome} ${each.error?.code ?? ''}`)
          .join(', ')}`,
      );
      // Two nights and one copy by hand for each place, each with a note of where it goes.
      const spooled = computer.disk.names.filter((name) => name.includes('.tar.age')).length;
      if (spooled > 13) judge.fail(`${spooled} files wait in the spool of computer ${computer.number}`);
    }
  }

  #whereIs(key: string): string {
    const found = Object.values(this.#paths).find((store) => store.objects.has(key));
    return found?.description ?? `folder ${this.#settings.networkPath}`;
  }

  // ---- the database

  async seal(computer: Computer, request: SealRequest, scheduled: boolean): Promise<SealedNight> {
    const { signal, night, destinations, spool } = request;
    const { judge } = this;
    judge.say(`${computer.number} reads for ${destinations.join()}`);
    if (scheduled) {
      this.#assertInWindow(computer, 'reads the database');
      for (const destination of destinations) {
        const isHq = destination === 'hq';
        const store = isHq ? 'HQ' : this.#paths[this.#settings.networkPath]?.description;
        const scope = isHq ? 'critical' : 'full';
        if (time.now - this.#pathsSince < 2 * day && !isHq) continue;
        judge.reads(computer.number, night, scope, store, isHq ? 1 : (this.#schedule.localEveryNights ?? 7));
      }
    }
    const fails = (
      code: 'database-connection-lost' | 'database-unreachable' | 'lock-not-granted' | 'schema-changed',
    ): never => {
      throw new BackupError(code, `The database says ${code}.`, { details: { table: 'patient' } });
    };
    const { database } = this.#faulty;
    if (database === 'away') fails('database-unreachable');
    if (database === 'hanging') await forEver();
    const admin = this.#lastAdmin();
    await passing(
      (database === 'locked' ? 15 : this.#random.between(1, this.#longestReading)) * minute,
      signal,
    );
    if (database === 'locked') fails('lock-not-granted');
    if (database === 'changing') fails('schema-changed');
    await spool.assertSpace(1024);
    if (database === 'lost') fails('database-connection-lost');
    const holder = {
      userNum: admin.userNum,
      userName: `admin${admin.userNum}`,
      recipient: `age1${admin.userNum}x${admin.epoch}`,
    };
    for (const destination of destinations) {
      const archiveId = Array.from({ length: 32 }, () => this.#random.between(0, 15).toString(16)).join('');
      const scope = destination === 'hq' ? 'critical' : 'full';
      const createdAt = request.now().toISOString();
      const size = this.#random.between(20, 200);
      const archive = fakeArchive({ archiveId, createdAt, practiceId: '4711', scope, holder, size });
      judge.sealed({ label: archive.label, bytes: archive.bytes, night, scheduled, at: time.now });
      // Two nights and one copy by hand for each place, each with a note of where it goes.
      const spooled = await spool.write(archive);
      await request.onSealed(destination, spooled, {
        archiveId,
        key: `4711/${night}/${archiveId}.tar.age`,
        night,
        scope,
        bytes: spooled.size,
        sha256: spooled.sha256,
        tables: 3,
        rows: 100,
        plainBytes: 1000,
        leftOut: [],
      });
    }
    return {
      failures: new Map(),
      warnings: [],
      admins: this.#admins(),
      facts: { keyHolder: { userNum: holder.userNum, userName: holder.userName, unlock: 'stored-hash' } },
      pin: {
        userNum: holder.userNum,
        userName: holder.userName,
        mark: 'm',
        recordMark: 'r',
        unlock: unlockOf(holder),
      },
    };
  }

  /** In minutes; a practice with a short window is a small one. */
  get #longestReading(): number {
    const { opens, closes } = this.#window;
    return Math.min(25, (fromNoon(closes) - fromNoon(opens)) / 8);
  }

  #lastAdmin(): User {
    const [last] = this.#users.filter((each) => each.isThere).sort((a, b) => b.lastLogin - a.lastLogin);
    if (last === undefined || !last.hasPassword) {
      throw new BackupError('no-usable-admin', 'The last administrator has no password.', {
        details: { reason: 'no-password' },
      });
    }
    return last;
  }

  #admins(): readonly AdminCandidate[] {
    return this.#users
      .filter((each) => each.isThere)
      .map(({ userNum, lastLogin }) => ({
        userNum,
        userName: `admin${userNum}`,
        isHidden: false,
        lastLogin: new Date(lastLogin).toISOString().slice(0, 19).replace('T', ' '),
        storedPassword: new Secret('hash'),
      }));
  }

  // ---- what befalls it

  async live(seed: number, days: number, only: ReadonlySet<number> | null): Promise<void> {
    const start = Date.UTC(2026, 0, 1, 15) + (seed % 365) * day;
    time.reset(start);
    this.#began = start;
    this.#wellSince = start;
    const faults = faultsOf(seed, days, this.computers.length);
    faults.forEach((fault, i) => {
      if (only !== null && !only.has(i)) return;
      time.at(start + fault.at, () => this.#befall(fault, true));
      time.at(start + fault.at + fault.lasts, () => this.#befall(fault, false));
    });
    for (let cycle = 0; (cycle + 1) * cycleDays <= days; cycle++) {
      time.at(start + (cycle * cycleDays + stormDays) * day, () => this.#calm());
      time.at(start + (cycle + 1) * cycleDays * day - 1, () => this.#assertAllIsWell());
    }
    for (let i = 1; i < days; i++) time.at(start + i * day, () => this.#assertTold());
    for (const computer of this.computers) computer.start();
    for (let now = 0; now < days && this.judge.violation === undefined; now += 5) {
      await time.run(start + Math.min(now + 5, days) * day);
    }
  }

  powerCut(computer: Computer): void {
    if (!computer.isOn) return;
    this.judge.say(`${computer.number} loses its power`);
    computer.cut();
    this.judge.excuse(computer.number, time.now + day);
    const offFor = this.#random.pick([minute, hour, 12 * hour]);
    time.after(offFor, () => computer.start(), undefined);
  }

  #befall(fault: Fault, begins: boolean): void {
    const computer = this.computers[fault.computer]!;
    const { how } = fault;
    this.judge.say(`${begins ? 'BEGINS' : 'ends'} ${fault.what} ${how} ${fault.computer}`);
    const user = this.#users.find(({ userNum }) => userNum === how);
    switch (fault.what) {
      case 'admin-logs-in':
        if (begins) this.#changeUser(user!, { lastLogin: time.now });
        return;
      case 'admin-removed':
        this.#changeUser(user!, { isThere: !begins });
        return;
      case 'by-hand':
        if (begins) computer.runByHand();
        return;
      case 'clock-wrong': {
        const amount = [hour, 12 * hour, 3 * day, 400 * day][Math.floor(fault.much * 4)]!;
        this.#clocksWrongUntil = Number.POSITIVE_INFINITY;
        this.judge.excuse(computer.number, Number.POSITIVE_INFINITY);
        computer.setClock(begins ? (how === 'back' ? -amount : amount) : 0);
        return;
      }
      case 'database':
      case 'schedule':
      case 'settings':
      case 'sink':
        this.#faulty[fault.what] = begins ? how : '';
        return;
      case 'disk':
        computer.disk.faults.isFull = begins && how === 'full';
        computer.disk.faults.broken = begins && how === 'broken' ? 0.02 + fault.much * 0.5 : 0;
        this.judge.excuse(computer.number, begins ? time.now + fault.lasts + 2 * day : 0);
        return;
      case 'hq-store':
        this.#hq.fault = begins ? (how as StoreFault) : null;
        return;
      case 'path-store':
        for (const store of Object.values(this.#paths)) store.fault = begins ? (how as StoreFault) : null;
        return;
      case 'password-changed':
        if (begins) this.#changeUser(user!, { epoch: user!.epoch + 1 });
        return;
      case 'password-removed':
        this.#changeUser(user!, { hasPassword: !begins });
        return;
      case 'path-changed':
        this.#setPath(begins ? `/path/${how}` : '/path/a');
        return;
      case 'path-removed':
        this.#setPath(begins ? '' : '/path/a');
        return;
      case 'power-cut':
        if (!begins) return;
        if (how === 'at-once') this.powerCut(computer);
        else computer.disk.cutIn = 1 + Math.floor(fault.much * 150);
        return;
      case 'sleep':
        if (!begins) return;
        this.judge.excuse(computer.number, 0);
        computer.sleep(fault.lasts);
        return;
      case 'spool-spoilt':
        if (begins) this.#spoilSpool(computer, how);
        return;
      case 'stopped':
        if (begins) computer.stop(Math.min(fault.lasts, day));
        return;
      case 'switched-off':
        this.#settings = { ...this.#settings, status: begins ? 'disabled' : 'enabled' };
        this.#lastRecordedOn = !begins || how === 'unrecorded';
        return;
    }
  }

  #changeUser(user: User, change: Partial<User>): void {
    Object.assign(user, change);
    this.#usersChangedAt = time.now;
  }

  #setPath(networkPath: string): void {
    this.#settings = { ...this.#settings, networkPath };
    this.#pathsSince = time.now;
  }

  #spoilSpool(computer: Computer, how: string): void {
    const { disk } = computer;
    this.judge.excuse(computer.number, time.now + 2 * day);
    for (const path of disk.names) {
      const isJournal = path.endsWith('/journal.json');
      const isArchive = /\.tar\.age$/.test(path);
      if (how === 'all' || (how === 'journal-gone' && isJournal) || (how === 'archive-gone' && isArchive)) {
        disk.spoil(path, null);
      } else if ((how === 'journal' && isJournal) || (how === 'archive' && isArchive)) {
        const content = Buffer.from(disk.read(path)!);
        content.fill(0, Math.floor(content.length / 2));
        disk.spoil(path, content);
      }
    }
  }

  /** From now on nothing goes wrong. */
  #calm(): void {
    for (const computer of this.computers) {
      computer.setClock(0);
      computer.disk.cutIn = 0;
      computer.disk.faults.isFull = false;
      computer.disk.faults.broken = 0;
      computer.start();
    }
    for (const store of this.#stores) store.fault = null;
    for (const user of this.#users) Object.assign(user, { isThere: true, hasPassword: true });
    Object.assign(this.#faulty, { database: '', settings: '', sink: '', schedule: '' });
    this.#settings = { ...this.#settings, status: 'enabled', networkPath: '/path/a' };
  }

  /** Once a day: old copies are known to somebody, unless nobody could be told. */
  #assertTold(): void {
    const isSilent = this.#faulty.sink !== '' || this.#faulty.settings !== '' || this.#faulty.database !== '';
    const { status, networkPath } = this.#settings;
    const isBusy = isSilent || status !== 'enabled' || networkPath !== '/path/a' || this.computers.length > 1;
    if (isBusy || !this.computers[0]!.isAwake || this.#clocksWrongUntil > 0) this.#wellSince = time.now;
    if (time.now - this.#wellSince < 4 * day || this.#facts.country !== 'US') return;
    const newest = this.judge.wholeIn(this.#hq, 'critical')[0];
    const since = newest?.at ?? this.#began;
    if (time.now - since < 10 * day) return;
    if (
      [...this.judge.memory(0).told.keys()].some((code) =>
        /^(backup-failed|hq-|no-usable|admin-pass)/.test(code),
      )
    )
      return;
    this.judge.fail(`the newest copy at HQ is of ${newest?.night ?? 'no night'}, and nobody was told`);
  }

  #assertAllIsWell(): void {
    const nights = this.#schedule.localEveryNights ?? 7;
    if (this.#facts.country === 'US') this.judge.assertFresh(this.#hq, 'critical', 1, 'at HQ');
    this.judge.assertFresh(this.#paths['/path/a']!, 'full', nights, 'on the network path');
    for (const { number } of this.computers) {
      this.judge.assertHeard(number, calmDays - 3, this.#zone);
      for (const [code] of this.judge.memory(number).told) {
        if (
          /^(backup-failed|no-usable-admin|admin-password-missing|hq-copy-failed|hq-copy-stale|switched-off.*)$/.test(
            code,
          )
        ) {
          if (code.startsWith('hq') && this.#facts.country !== 'US') continue;
          this.judge.fail(`${code} of computer ${number} still stands after ${calmDays} calm days`);
        }
      }
    }
  }

  // ---- windows

  /** With so many minutes before it opens and after it closes. */
  isInWindow(at: number, before: number = 0, after: number = 1): boolean {
    const wall = fromNoon(wallTime(at, this.#zone));
    const { opens, closes } = this.#window;
    return wall >= fromNoon(opens) - before && wall <= fromNoon(closes) + after;
  }

  #assertInWindow(computer: Computer, what: string, minutesAfter: number = 1): void {
    if (this.#clocksWrongUntil > 0 || this.#schedule.catchUp === 'at-once') return;
    if (this.isInWindow(computer.now, 0, minutesAfter) || isClockChange(computer.now, this.#zone)) return;
    this.judge.fail(
      `computer ${computer.number} ${what} at ${wallTime(computer.now, this.#zone)}, outside of its window`,
    );
  }
}

function horizonsOf(policy: (typeof policies)[number]): {
  readonly dailyDays: number;
  readonly weeklyDays: number;
} {
  if (policy === 'keep-all')
    return { dailyDays: Number.POSITIVE_INFINITY, weeklyDays: Number.POSITIVE_INFINITY };
  if (policy === 'default') return { dailyDays: 3, weeklyDays: 180 };
  const days = (text: string | undefined, unit: number): number =>
    Number(/\d+/.exec(text ?? '')?.[0] ?? 0) * unit;
  return { dailyDays: days(policy.daily, 1), weeklyDays: days(policy.weekly, 7) };
}
