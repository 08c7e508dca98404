/** A practice for some years: its people, its database, its stores and computers, and what befalls them. */
import { BackupError } from '../../src/errors.js';
import { formatNoteKey } from '../../src/history/note.js';
import { noteKeyOfSigner, signerOf } from '../../src/history/signer.js';
import type { BackupEvent } from '../../src/nightly/run/events.js';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import type { SealedNight, SealRequest } from '../../src/nightly/run/seal-copies.js';
import type { NightlyOptions } from '../../src/nightly/service/nightly-options.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import {
  type Attack,
  attackOf,
  damageKnownAfter,
  damageOf,
  forgedKey,
  harmStore,
  harmTables,
  isAddition,
  isAgainstTables,
  noticedWithin,
  type Outage,
  outageOf,
  rolledBackBy,
} from './attacks.js';
import { Computer } from './computer.js';
import { Database } from './database.js';
import { Facts } from './facts.js';
import {
  calmDays,
  cycleDays,
  day,
  type Fault,
  faultsOf,
  fullSeed,
  headsSeed,
  hour,
  stormDays,
} from './faults.js';
import { Judge } from './judge.js';
import { People } from './people.js';
import { createRandom, type Random } from './random.js';
import { Services } from './services.js';
import { Store, type StoreFault, type StoreUser } from './store.js';
import { Tables } from './tables.js';
import { type Owner, time } from './time.js';
import { isClockChange, nightName, wallTime } from './wall.js';

const minute = 60_000;
const signers = [1, 2].map((each) => signerOf(new Uint8Array(32).fill(each)));
const signersKeys = signers.map((each) => formatNoteKey(noteKeyOfSigner(each, '4711')));
/** Alerts that stand for nothing after a calm time. */
const overWhenCalm =
  /^(backup-failed|no-usable-admin|admin-password-missing|hq-copy-failed|hq-copy-stale|local-copy-stale|switched-off.*)$/;

export class Practice {
  readonly judge: Judge = new Judge();
  readonly computers: readonly Computer[];
  readonly facts: Facts;
  readonly #random: Random;
  readonly #hq: Store;
  readonly #paths: Readonly<Record<string, Store>>;
  readonly #people: People = new People();
  readonly #services: Services;
  readonly #database: Database;
  #clocksWrongUntil = 0;
  /** A clock was wrong once, and dates of copies with it. */
  #wasClockWrong = false;
  readonly #meetsAll: boolean;
  /** Since when somebody could be told. */
  #wellSince = 0;
  #began = 0;
  #isAttacked = false;
  #outage: Outage | null = null;
  /** Computers whose journal lost the hours that HQ gave, or has those of some days ago; until HQ gives them again. */
  readonly #withoutHours: Set<number> = new Set();
  /** The attack took the computer's power as well, and perhaps a night. */
  #wasTurnedBack = false;
  /** A copy that a disk has damaged in place, and the nights on which that could be found since. */
  #damaged:
    | {
        readonly store: Store;
        readonly key: string;
        readonly bytes: Uint8Array;
        readonly at: number;
        nights: number;
        last: number;
      }
    | undefined;

  constructor(seed: number, computers: number) {
    const random = createRandom(`practice ${seed}`);
    this.#random = random;
    this.#meetsAll = seed >= fullSeed;
    this.facts = new Facts(random);
    this.#services = new Services(this.facts, this.judge, seed >= headsSeed);
    const tables = new Tables(createRandom(`tables ${seed}`));
    this.#database = new Database(this.facts, this.#people, this.judge, random, tables);
    this.#hq = new Store('HQ', createRandom(`hq ${seed}`));
    this.#paths = {
      '/path/a': new Store('folder /path/a', createRandom(`a ${seed}`)),
      '/path/b': new Store('folder /path/b', createRandom(`b ${seed}`)),
    };
    for (const store of this.#stores) this.judge.stores.set(store.description, store);
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
    const { policy, practice, zone } = this.facts;
    const retention = policy === 'default' ? {} : { retention: policy };
    const quick = this.#random.is(0.5) ? { retry: { retries: 2 } } : {};
    const plan: NightPlan = {
      practiceId: '4711',
      practice,
      database: { host: '127.0.0.1', user: 'backup', database: 'opendental' } as NightPlan['database'],
      timeZone: zone,
      spool: `/m${computer.number}.${power.start}/spool`,
      hq: { storage: this.#hq.for(this.#user(this.#hq, computer, power, scheduled)), ...retention, ...quick },
      local: { ...retention, ...quick },
      settings: this.#services.settingsFor(computer.number, power),
      ...(this.#meetsAll ? { alertThresholds: { localStaleNights: 10 } } : {}),
      alerts: this.#services.sinkFor(computer.number, power, scheduled),
      // Two computers with one store are told of each other; one alone makes a key of its own.
      ...(this.computers.length > 1 ? { signer: signers[computer.number], trustedKeys: signersKeys } : {}),
    };
    return { plan, schedule: this.#services.schedule() };
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
        computer.begins('sending');
      },
      onDeleted: (key, bytes) => {
        const journal = computer.disk.read('/spool/journal.json');
        this.judge.removed(computer.number, store, { key, bytes, journal }, this.#people.living, {
          ...this.facts.horizons,
          isClockSound: !this.#wasClockWrong,
          timeZone: this.facts.zone,
        });
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
      // Settings and sinks are waited for a quarter of a minute each, once the window is over; whoever slept
      // over it, or waited for a disk that did not answer, ends now.
      const wentOnAt = Math.max(computer.wokeAt, computer.disk.hungAt);
      if (scheduled && time.now - wentOnAt > 3 * minute) this.#assertInWindow(computer, 'ends the night', 3);
      judge.say(
        `${computer.number} ${scheduled ? 'night' : 'by hand'} ${event.report.night} ${event.report.outcome}: ${event.report.destinations
          .map((each) => `${each.destination} ${each.outcome} ${each.error?.code ?? ''}`)
          .join(', ')}`,
      );
      // Two nights and one copy by hand for each place, each with a note of where it goes.
      const spooled = computer.disk.names.filter((name) => name.includes('.tar.age')).length;
      if (spooled > 13) judge.fail(`${spooled} files wait in the spool of computer ${computer.number}`);
      judge.waiting(computer.number, computer.disk.read('/spool/journal.json'));
      if (scheduled && event.report.outcome === 'complete') this.#countNight();
      // After a run its journal gets them.
      if (this.#services.givesHours) this.#withoutHours.delete(computer.number);
    }
  }

  #whereIs(key: string): string {
    const found = Object.values(this.#paths).find((store) => store.objects.has(key));
    return found?.description ?? `folder ${this.#services.settings.networkPath}`;
  }

  seal(computer: Computer, request: SealRequest, scheduled: boolean): Promise<SealedNight> {
    const { night, destinations } = request;
    const { judge } = this;
    judge.say(`${computer.number} reads for ${destinations.join()}`);
    if (scheduled) {
      judge.memory(computer.number).readAt = time.now;
      this.#assertInWindow(computer, 'reads the database');
      for (const destination of destinations) {
        const isHq = destination === 'hq';
        const store = isHq ? 'HQ' : this.#paths[this.#services.settings.networkPath]?.description;
        const scope = isHq ? 'critical' : 'full';
        if (time.now - this.#services.pathsSince < 2 * day && !isHq) continue;
        judge.reads(computer.number, night, scope, store, isHq ? 1 : this.facts.localEveryNights);
      }
    }
    computer.begins('reading');
    return this.#database.seal(request, scheduled, this.#services);
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
      if (fault.how === 'turned-back') {
        const computer = this.computers[fault.computer]!;
        time.at(start + Math.max(fault.at - fault.lasts, 0), () => this.#makeImage(computer));
      }
      time.at(start + fault.at, () => this.#befall(fault, true));
      time.at(start + fault.at + fault.lasts, () => this.#befall(fault, false));
    });
    for (let cycle = 0; (cycle + 1) * cycleDays <= days; cycle++) {
      time.at(start + (cycle * cycleDays + stormDays) * day, () => this.#calm());
      time.at(start + (cycle + 1) * cycleDays * day - 1, () => this.#assertAllIsWell());
    }
    this.#awaitDamage(damageOf(seed, days, this.computers.length));
    this.#awaitOutage(outageOf(seed, days, this.computers.length));
    this.#awaitAttack(attackOf(seed, days, this.computers.length), seed);
    for (let i = 1; i < days; i++) time.at(start + i * day, () => this.#assertTold());
    for (const computer of this.computers) computer.start();
    for (let now = 0; now < days && this.judge.violation === undefined; now += 5) {
      await time.run(start + Math.min(now + 5, days) * day);
    }
  }

  #awaitAttack(attack: Attack | null, seed: number): void {
    // On the first calm nights some trouble of the storm may still come to light.
    this.judge.isAlarmFalse = () =>
      !this.#isAttacked &&
      !this.#isJustBack &&
      ((time.now - this.#began) / day) % cycleDays > stormDays + 3.5;
    // Until a day after a change a night may be told of that had nothing to do, and after an attack anything may lack.
    this.judge.pathsSince = () => this.#services.pathsSince;
    this.judge.isDueAtHq = () =>
      this.facts.isAtHome &&
      this.#services.settings.status === 'enabled' &&
      time.now - this.#services.statusSince > 2 * day &&
      this.#clocksWrongUntil === 0 &&
      !this.#isAttacked;
    if (attack === null) return;
    const store = attack.isHq && this.facts.isAtHome ? this.#hq : this.#paths['/path/a']!;
    const isAll = attack.how === 'all-turned-back';
    const stores = isAll ? this.#stores : [store];
    const earlier = new Map<Store, Store['objects']>();
    let turnBackDatabase = (): void => undefined;
    time.at(this.#began + attack.at - rolledBackBy, () => {
      for (const each of stores) earlier.set(each, each.objects.copy());
      if (isAll) this.#makeImage(this.computers[0]!);
      turnBackDatabase = this.#services.image();
    });
    time.at(this.#began + attack.at, () => {
      const isTables = isAgainstTables(attack.how);
      // Where no copy goes to HQ, the database is read once a week only.
      if (isTables && !this.facts.isAtHome) return;
      const night = nightName(time.now - day, this.facts.zone);
      const isHarmed = isTables
        ? harmTables(attack.how, this.#database.tables, createRandom(`harm ${seed}`))
        : stores
            .map((each) => {
              const whole = this.judge.keysOf(this.judge.wholeIn(each));
              return harmStore(attack.how, each, { whole, earlier: earlier.get(each)!, night });
            })
            .includes(true);
      if (attack.how === 'database-turned-back') turnBackDatabase();
      else if (!isHarmed) return;
      if (isAll) this.#turnBack(this.computers[0]!);
      this.#wasTurnedBack = isAll;
      this.judge.say(`ATTACK ${attack.how} ${isTables ? '' : store.description}`);
      this.#isAttacked = true;
      // What is taken away by day, the next night misses.
      this.#wellSince = time.now;
      // A place that has lost its newest copy gets another one, whenever it were due.
      this.judge.forgets(0);
      // What is only put beside the copies takes none away, and retention goes on.
      const last = this.#stores.flatMap((each) => this.judge.wholeIn(each).slice(0, 1));
      this.judge.attacked(isAddition(attack.how) ? [forgedKey(night)] : this.judge.keysOf(last));
      const code = isTables ? 'looks-like-loss' : 'history-broken';
      const attacked = { how: attack.how, at: time.now };
      time.after(noticedWithin, () => this.judge.assertNoticed(0, code, attacked), null);
      if (attack.seenAfter === null) return;
      time.after(attack.seenAfter, () => this.computers[0]!.acknowledge(() => this.judge.seen()), null);
    });
  }

  #awaitOutage(outage: Outage | null): void {
    this.#outage = outage;
    if (outage === null) return;
    const computer = this.computers[0]!;
    const set = (isOut: boolean): void => {
      this.judge.say(`${isOut ? 'BEGINS' : 'ends'} months without ${outage.what}`);
      if (outage.what === 'computer') {
        if (isOut) this.powerCut(computer);
        computer.isOut = isOut;
        if (!isOut) computer.start();
      } else {
        const stores = outage.what === 'hq' ? [this.#hq] : Object.values(this.#paths);
        for (const store of stores) store.isOut = isOut;
      }
    };
    time.at(this.#began + outage.from, () => set(true));
    time.at(this.#began + outage.to, () => set(false));
  }

  /** Something is away for months, or came back too late for a calm time. */
  get #isAnythingOut(): boolean {
    if (this.#outage === null) return false;
    const { from, to } = this.#outage;
    const now = time.now - this.#began;
    return from < now && to > now - (calmDays + 1) * day;
  }

  /** What befell it before it was away for months, or meanwhile, may come to light on the first nights. */
  get #isJustBack(): boolean {
    const { to = Number.POSITIVE_INFINITY } = this.#outage ?? {};
    const since = time.now - this.#began - to;
    return since >= 0 && since < 3.5 * day;
  }

  #awaitDamage(at: number | null): void {
    if (at === null) return;
    time.at(this.#began + at, () => {
      const store = [this.#hq, this.#paths['/path/a']!].find((each) => this.judge.wholeIn(each).length > 2);
      if (store === undefined) return;
      // The one that is kept for longest.
      const key = this.judge.keysOf(this.judge.wholeIn(store)).at(-1)!;
      const { bytes: whole, stored } = store.objects.get(key)!;
      const bytes = whole.slice();
      bytes[bytes.length >> 1]! ^= 1;
      store.objects.set(key, { bytes, stored });
      this.judge.say(`DAMAGE ${key} ${store.description}`);
      this.#isAttacked = true;
      this.#damaged = { store, key, bytes, at: time.now, nights: 0, last: time.now };
    });
  }

  /** A night that came to its end, after which what is damaged may be found. */
  #countNight(): void {
    const damaged = this.#damaged;
    if (damaged === undefined) return;
    const { store, key, bytes, at } = damaged;
    const isHere = store === this.#hq || this.#services.settings.networkPath === '/path/a';
    const isOver =
      store.objects.get(key)?.bytes !== bytes ||
      this.judge.isKnown(0, 'history-broken', at) ||
      this.#clocksWrongUntil > 0;
    if (isOver) this.#damaged = undefined;
    if (isOver || !isHere || store.fault !== null) return;
    // After a week without a night the four weeks begin anew.
    if (time.now - damaged.last > 7 * day) damaged.nights = 0;
    damaged.last = time.now;
    damaged.nights += 1;
    if (damaged.nights > damageKnownAfter)
      this.judge.fail(
        `${key} in ${store.description} is damaged, and nobody was told in ${damageKnownAfter} nights`,
      );
  }

  powerCut(computer: Computer): void {
    if (!computer.isOn) return;
    this.judge.say(`${computer.number} loses its power`);
    computer.cut();
    this.judge.noted(computer.disk.read('/spool/journal.json'));
    this.judge.excuse(computer.number, time.now + day);
    const offFor = this.#random.pick([minute, hour, 12 * hour]);
    time.after(offFor, () => computer.start(), null);
  }

  #makeImage(computer: Computer): void {
    computer.disk.makeImage();
    this.judge.imaged(computer.number);
  }

  /** Somebody makes a computer anew from its image of some days ago. */
  #turnBack(computer: Computer): void {
    if (!computer.isOn) return;
    this.powerCut(computer);
    const to = computer.disk.turnBack();
    if (to !== null) this.judge.turnedBack(computer.number, to);
    this.#withoutHours.add(computer.number);
    if (this.#damaged !== undefined) this.#damaged.nights = 0;
  }

  #befall(fault: Fault, begins: boolean): void {
    const computer = this.computers[fault.computer]!;
    const { how } = fault;
    this.judge.say(`${begins ? 'BEGINS' : 'ends'} ${fault.what} ${how} ${fault.computer}`);
    switch (fault.what) {
      case 'admin-logs-in':
        if (begins) this.#people.logsIn(how);
        return;
      case 'admin-removed':
        this.#people.isThere(how, !begins);
        return;
      case 'by-hand':
        if (begins) computer.runByHand();
        return;
      case 'clock-wrong': {
        const amount = [hour, 12 * hour, 3 * day, 400 * day][Math.floor(fault.much * 4)]!;
        this.#clocksWrongUntil = Number.POSITIVE_INFINITY;
        this.#wasClockWrong = true;
        this.judge.excuse(computer.number, Number.POSITIVE_INFINITY);
        computer.setClock(begins ? (how === 'back' ? -amount : amount) : 0);
        return;
      }
      case 'schedule':
        this.#services.faulty.schedule = begins ? how : '';
        // Until yesterday's run is over, and HQ is heard again, the hours of before count as well.
        if (how === 'moved' && begins) this.facts.move(Math.floor(fault.much * 100));
        return;
      case 'database':
      case 'settings':
      case 'sink':
        this.#services.faulty[fault.what] = begins ? how : '';
        return;
      case 'disk':
        computer.disk.faults.isFull = begins && how === 'full';
        computer.disk.faults.isReadOnly = begins && how === 'read-only';
        computer.disk.hang(begins && how === 'hanging');
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
        if (begins) this.#people.changesPassword(how);
        return;
      case 'password-removed':
        this.#people.hasPassword(how, !begins);
        return;
      case 'path-changed':
        this.#services.setPath(begins ? `/path/${how}` : '/path/a');
        return;
      case 'path-removed':
        this.#services.setPath(begins ? '' : '/path/a');
        return;
      case 'power-cut':
        if (!begins) return;
        if (how === 'at-once') this.powerCut(computer);
        else computer.disk.cutIn = 1 + Math.floor(fault.much * 150);
        return;
      case 'sleep':
        if (!begins) return;
        this.judge.excuse(computer.number, 0);
        if (how === 'in-the-run')
          computer.sleepsAt = { work: fault.much < 0.5 ? 'reading' : 'sending', lasts: fault.lasts };
        else computer.sleep(fault.lasts);
        return;
      case 'spool-spoilt':
        if (begins) {
          this.judge.excuse(computer.number, time.now + 2 * day);
          if (/^(all|journal)/.test(how)) {
            this.judge.losesJournal(computer.number);
            this.#withoutHours.add(computer.number);
            // A new journal tells of a place that it never reached once that has failed for three nights.
            this.#wellSince = time.now;
            if (this.#damaged !== undefined) this.#damaged.nights = 0;
          }
          if (how === 'turned-back') this.#turnBack(computer);
          else computer.spoilSpool(how);
        }
        return;
      case 'stopped':
        if (begins) computer.stop(Math.min(fault.lasts, day));
        return;
      case 'switched-off':
        this.#services.switchOff(begins, how);
        return;
    }
  }

  /** How long it takes until nothing goes wrong any more. */
  get calmIn(): number {
    return Math.max(0, stormDays * day - ((time.now - this.#began) % (cycleDays * day)));
  }

  /** From now on nothing goes wrong. */
  #calm(): void {
    for (const computer of this.computers) computer.calm();
    for (const store of this.#stores) store.fault = null;
    this.#people.calm();
    this.#services.calm();
    time.after(day, () => this.facts.move(null), null);
    if (!this.#meetsAll) return;
    time.after(
      2 * day,
      () => {
        this.#clocksWrongUntil = 0;
        for (const { number } of this.computers) this.judge.excuseNoMore(number);
      },
      null,
    );
  }

  /** Once a day: old copies are known to somebody, unless nobody could be told. */
  #assertTold(): void {
    const { status, networkPath } = this.#services.settings;
    const isBusy =
      this.#services.isSilent ||
      status !== 'enabled' ||
      networkPath !== '/path/a' ||
      time.now - Math.max(this.#services.pathsSince, this.#services.statusSince) < 2 * day ||
      this.computers.length > 1;
    if (
      isBusy ||
      !this.computers[0]!.isAwake ||
      this.computers[0]!.disk.isHanging ||
      this.#clocksWrongUntil > 0
    )
      this.#wellSince = time.now;
    if (time.now - this.#wellSince < 4 * day) return;
    if (this.facts.isAtHome) this.#assertAgeIsTold(this.#hq, 'critical', 10);
    if (this.#meetsAll) this.#assertAgeIsTold(this.#paths['/path/a']!, 'full', 14);
  }

  #assertAgeIsTold(store: Store, scope: string, mostDays: number): void {
    const isOld = (): boolean =>
      time.now - (this.judge.wholeIn(store, scope)[0]?.at ?? this.#began) >= mostDays * day;
    if (!isOld()) return;
    // A broken disk may have kept it from telling of a copy that it noted.
    this.judge.noted(this.computers[0]!.disk.read('/spool/journal.json'));
    if (!isOld()) return;
    const own = store === this.#hq ? 'hq' : 'local';
    const told = [...this.judge.memory(0).told.keys()];
    if (told.some((code) => code.startsWith(`${own}-`) || /^(backup-failed|no-usable|admin-pass)/.test(code)))
      return;
    const where = store === this.#hq ? 'at HQ' : 'on the network path';
    const night = this.judge.wholeIn(store, scope)[0]?.night ?? 'no night';
    this.judge.fail(`the newest copy ${where} is of ${night}, and nobody was told`);
  }

  #assertAllIsWell(): void {
    if (this.#isAnythingOut) return;
    if (this.computers.length === 1 && !this.#isAttacked)
      for (const store of [this.#hq, this.#paths['/path/a']!]) this.judge.assertProven(store);
    if (this.facts.isAtHome) this.judge.assertFresh(this.#hq, 'critical', 1, 'at HQ');
    this.judge.assertFresh(
      this.#paths['/path/a']!,
      'full',
      this.facts.localEveryNights,
      'on the network path',
    );
    for (const { number } of this.computers) {
      if (!this.#wasTurnedBack) this.judge.assertHeard(number, calmDays - 3, this.facts.zone);
      for (const [code] of this.judge.memory(number).told) {
        if (!overWhenCalm.test(code) || (code.startsWith('hq') && !this.facts.isAtHome)) continue;
        this.judge.fail(`${code} of computer ${number} still stands after ${calmDays} calm days`);
      }
    }
  }

  #assertInWindow(computer: Computer, what: string, minutesAfter: number = 1): void {
    const { schedule, zone } = this.facts;
    if (this.#clocksWrongUntil > 0 || schedule.catchUp === 'at-once') return;
    if (this.facts.isInWindow(computer.now, 0, minutesAfter) || isClockChange(computer.now, zone)) return;
    if (this.#withoutHours.has(computer.number) && this.facts.isInAnyHours(computer.now, minutesAfter))
      return;
    this.judge.fail(
      `computer ${computer.number} ${what} at ${wallTime(computer.now, zone)}, outside of its window`,
    );
  }
}
