/**
 * A computer that makes the nights of a practice: the true service, on a simulated clock, disk and network.
 */

import { BackupError } from '../../src/errors.js';
import type { PlannedRun } from '../../src/nightly/next-run.js';
import { acknowledgeFindings } from '../../src/nightly/origin/acknowledge.js';
import { makeCopies } from '../../src/nightly/run/run-supplemental-backup.js';
import type { NightTools } from '../../src/nightly/run/tools.js';
import type { Clock } from '../../src/nightly/service/clock.js';
import { serveNights } from '../../src/nightly/service/start-nightly.js';
import { Disk, disks } from './disk.js';
import { fullSeed } from './faults.js';
import type { Practice } from './practice.js';
import { createRandom } from './random.js';
import { type Owner, time } from './time.js';

const minute = 60_000;
/** A nap of the service; longer ones show nothing new where no run is planned. */
const nap = 60_000;

/** One start of a computer. */
class Power implements Owner {
  isAlive = true;
  asleepUntil = 0;
  readonly start: number;
  readonly #computer: Computer;

  constructor(start: number, computer: Computer) {
    this.start = start;
    this.#computer = computer;
  }

  get skew(): number {
    return this.#computer.skew;
  }
}

export class Computer {
  readonly number: number;
  readonly disk: Disk;
  /** For months, whatever else befalls it. */
  isOut = false;
  readonly #practice: Practice;
  #power: Power;
  /** No two clocks are the same. */
  readonly #usualSkew: number;
  #skew: number;
  /** It is put to sleep for so long as soon as it reads or sends. */
  sleepsAt: { readonly work: 'reading' | 'sending'; readonly lasts: number } | null = null;
  #starts = 0;
  #stop = new AbortController();
  #service: { isOver: boolean } = { isOver: true };
  #planned: PlannedRun | null = null;
  readonly #deadlines: Set<() => void> = new Set();

  constructor(number: number, practice: Practice, seed: number) {
    this.number = number;
    this.#practice = practice;
    this.#usualSkew =
      seed >= fullSeed ? createRandom(`clock ${seed} ${number}`).between(-240, 240) * 1000 : 0;
    this.#skew = this.#usualSkew;
    this.disk = new Disk(createRandom(`disk ${seed} ${number}`));
    disks.set(number, this.disk);
    this.disk.onCut = () => practice.powerCut(this);
    this.disk.onReplaced = (path, { text }) => {
      if (!/^\/spool\/reports\/\d{4}-\d\d-\d\d\.json$/.test(path)) return;
      const before = this.disk.read(path);
      if (before !== undefined) practice.judge.reportReplaced(path, before, text);
    };
    this.#power = new Power(0, this);
    this.#power.isAlive = false;
  }

  get isOn(): boolean {
    return this.#power.isAlive;
  }

  get isAwake(): boolean {
    return this.isOn && this.#power.asleepUntil <= time.now;
  }

  get skew(): number {
    return this.#skew;
  }

  /** When it last woke, in true time. */
  get wokeAt(): number {
    return this.#power.asleepUntil;
  }

  /** The time on its clock. */
  get now(): number {
    return time.now + this.#skew;
  }

  /** @param wrong - by how much it is off beyond what is usual */
  setClock(wrong: number): void {
    this.#skew = this.#usualSkew + wrong;
    for (const look of [...this.#deadlines]) look();
  }

  sleep(milliseconds: number): void {
    this.#power.asleepUntil = Math.max(this.#power.asleepUntil, time.now + milliseconds);
  }

  begins(work: 'reading' | 'sending'): void {
    if (this.sleepsAt?.work !== work) return;
    // Into a calm time it does not sleep.
    this.sleep(Math.min(this.sleepsAt.lasts, this.#practice.calmIn));
    this.sleepsAt = null;
  }

  start(): void {
    if (this.isOn || this.isOut) return;
    this.#power = new Power(++this.#starts, this);
    this.disk.start = this.#starts;
    this.disk.isOn = true;
    this.disk.cutIn = 0;
    time.after(0, () => this.serve(), this.#power);
  }

  cut(): void {
    this.#power.isAlive = false;
    this.#deadlines.clear();
    this.disk.cut();
  }

  /** From now on nothing is wrong with it. */
  calm(): void {
    this.setClock(0);
    this.disk.cutIn = 0;
    this.disk.faults.isFull = false;
    this.disk.faults.isReadOnly = false;
    this.disk.faults.broken = 0;
    this.disk.hang(false);
    this.sleepsAt = null;
    this.start();
  }

  /** Somebody removes files of the spool, or their second half becomes zeros. */
  spoilSpool(how: string): void {
    const { disk } = this;
    for (const path of disk.names) {
      const isJournal = path.endsWith('/journal.json');
      const isArchive = /\.tar\.age$/.test(path);
      if (how === 'all' || (how === 'journal-gone' && isJournal) || (how === 'archive-gone' && isArchive)) {
        disk.spoil(path, null);
      } else if ((how === 'journal' && isJournal) || (how === 'archive' && isArchive)) {
        const content = Buffer.from(disk.stat(path).bytes);
        content.fill(0, Math.floor(content.length / 2));
        disk.spoil(path, content);
      }
    }
  }

  /** The service begins. */
  serve(): void {
    const { judge } = this.#practice;
    this.#stop = new AbortController();
    const service = { isOver: false };
    this.#service = service;
    this.#planned = null;
    const { schedule, plan } = this.#practice.planFor(this, this.#power, true);
    serveNights(
      plan,
      {
        signal: this.#stop.signal,
        schedule,
        onEvent: (event) => this.#practice.onEvent(this, event, true),
        onPlanned: (run) => {
          this.#planned = run;
        },
      },
      this.#tools(true),
    ).then(
      () => {
        service.isOver = true;
      },
      (error: unknown) => {
        service.isOver = true;
        judge.fail(`the service of computer ${this.number} ended by itself: ${String(error)}`);
      },
    );
  }

  /** The service is told to end, and begins again after a while. */
  stop(restartAfter: number): void {
    const power = this.#power;
    const service = this.#service;
    if (!this.isAwake) return;
    this.#stop.abort(new BackupError('window-closed', 'The service is told to end.'));
    time.after(
      5000,
      () => {
        if (!service.isOver && power.isAlive && power.asleepUntil < time.now - 5000) {
          this.#practice.judge.fail(`the service of computer ${this.number} did not end within 5 seconds`);
        }
      },
      null,
    );
    time.after(
      Math.max(restartAfter, minute),
      () => {
        if (power.isAlive) this.serve();
      },
      power,
    );
  }

  /** Somebody looks at what was found, and says so; again in an hour where a run is at work. */
  acknowledge(seen: () => void): void {
    const power = this.#power;
    const spool = `/m${this.number}.${power.start}/spool`;
    const office = {
      practiceId: '4711',
      spool,
      timeZone: this.#practice.facts.zone,
      now: () => new Date(this.now),
    };
    let isOver = false;
    time.after(
      0,
      () => {
        acknowledgeFindings(office, { user: 'Admin' }).then(
          () => {
            isOver = true;
            seen();
          },
          () => undefined,
        );
      },
      power,
    );
    time.after(
      60 * minute,
      () => {
        if (!isOver) this.acknowledge(seen);
      },
      null,
    );
  }

  /** Somebody makes a copy at once. */
  runByHand(): void {
    if (!this.isAwake) return;
    const power = this.#power;
    time.after(
      0,
      () => {
        const { plan } = this.#practice.planFor(this, power, false);
        const stop = new AbortController();
        const started = time.now;
        time.after(3 * 60 * minute, () =>
          stop.abort(new BackupError('window-closed', 'Nobody waits any more.')),
        );
        let isOver = false;
        time.after(3 * 60 * minute + 60_000, () => {
          // Nothing ends before a disk that does not answer.
          if (!isOver && power.asleepUntil < started && !this.disk.isHanging && this.disk.hungAt < started) {
            this.#practice.judge.fail(`a run by hand on computer ${this.number} did not end`);
          }
        });
        makeCopies(
          plan,
          { signal: stop.signal, onEvent: (event) => this.#practice.onEvent(this, event, false) },
          this.#tools(false),
        )
          .catch(() => undefined)
          .finally(() => {
            isOver = true;
          });
      },
      power,
    );
  }

  #tools(scheduled: boolean): NightTools {
    const power = this.#power;
    return {
      clock: this.#clock(power),
      openPath: (path) => this.#practice.pathFor(path, this, power, scheduled),
      sealCopies: (request) => this.#practice.seal(this, request, scheduled),
    };
  }

  #clock(power: Power): Clock {
    return {
      now: () => new Date(this.now),
      sleep: (milliseconds, signal) =>
        new Promise((resolve) => {
          if (signal.aborted) return resolve();
          const wake = (): void => {
            cancel();
            signal.removeEventListener('abort', wake);
            resolve();
          };
          const cancel = time.after(milliseconds === nap ? this.#longNap() : milliseconds, wake, power);
          signal.addEventListener('abort', wake, { once: true });
        }),
      deadline: (at) => {
        const controller = new AbortController();
        const began = time.now;
        const left = at.getTime() - this.now;
        let cancel = (): void => undefined;
        const look = (): void => {
          cancel();
          const rest = Math.min(at.getTime() - this.now, left - (time.now - began));
          if (rest > 0) cancel = time.after(rest, look, power);
          else {
            this.#deadlines.delete(look);
            controller.abort(new BackupError('window-closed', 'The time for backups of this night is over.'));
          }
        };
        this.#deadlines.add(look);
        look();
        return {
          signal: controller.signal,
          clear: () => {
            cancel();
            this.#deadlines.delete(look);
          },
        };
      },
    };
  }

  /** Until something is to be done; a computer that is busy elsewhere wakes its sleepers late, too. */
  #longNap(): number {
    const until = this.#planned === null ? 0 : this.#planned.at.getTime() - this.now;
    const unknown = this.#practice.facts.isInWindow(this.now, 60) ? 20 * minute : 180 * minute;
    return until > nap ? Math.min(until, 720 * minute) : unknown;
  }
}
