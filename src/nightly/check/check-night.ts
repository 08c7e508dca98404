import { readAdmins } from '../../admin/read-admins.js';
import { resolveLastAdmin } from '../../admin/resolve-last-admin.js';
import { createFileEnrollments } from '../../admin/stores/file-enrollments.js';
import { openDentalPolicy } from '../../catalog/open-dental/index.js';
import { readCatalog } from '../../catalog/read-catalog.js';
import { selectCriticalTables } from '../../catalog/select-critical-tables.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { explainEligibility, type Practice } from '../../eligibility/is-eligible.js';
import { BackupError, happenedDuring, isBackupError } from '../../errors.js';
import { formatSeconds } from '../../quantities.js';
import { codeOf, sentenceOf } from '../run/failure.js';
import { checkPlan, configuredDestinations, type NightPlan } from '../run/night-plan.js';
import { openOffice } from '../run/office.js';
import { neededSpace } from '../run/seal-copies.js';
import { machineTools, type NightTools } from '../run/tools.js';
import { systemClock } from '../service/clock.js';
import { withTimeout } from '../service/timeout.js';
import { checkNetworkPath, lookAtNetworkPath } from '../settings/check-network-path.js';
import { checkSchedule, hoursOf, type NightSchedule } from '../window.js';
import type { CheckFinding, CheckSubject, NightCheck } from './findings.js';

/** Options of {@link checkNight}. */
export interface CheckOptions {
  /** When the nights are, where it is not the usual window. */
  readonly schedule?: Omit<NightSchedule, 'timeZone'> | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How a service checks at its start, which may be often, and while a share is away. */
interface Looks {
  /** Nothing is written to the network path. */
  readonly looksOnly?: boolean;
}

/** How long each check may take, in milliseconds. */
const timeout = 15_000;
/** How far the clocks of this machine and of the database server may be apart, in milliseconds. */
const believableSkew = 5 * 60_000;
/** The server's number for a table that is not there. */
const noSuchTable = 1146;

/**
 * Checks everything that a night needs: the database server, the login and its privileges, the settings, the
 * spool and its free space, the network path, HQ, the administrator and the key, the clock, the window.
 * Changes nothing, but creates the spool folder. `startNightly` does this when it starts.
 *
 * @returns what was found, one finding for each subject that could be tried
 * @throws TypeError when the plan lacks something
 * @example
 * ```ts
 * const { ok, findings } = await checkNight(plan);
 * if (!ok) for (const { subject, message } of findings) console.log(subject, message);
 * ```
 */
export async function checkNight(plan: NightPlan, options: CheckOptions = {}): Promise<NightCheck> {
  checkPlan(plan);
  return checkWith(
    plan,
    options,
    machineTools(plan.now === undefined ? systemClock : { ...systemClock, now: plan.now }),
  );
}

/** The same with given tools. */
export async function checkWith(
  plan: NightPlan,
  options: CheckOptions & Looks,
  tools: NightTools,
): Promise<NightCheck> {
  const check = new Check(plan, options, tools);
  const findings = await check.all();
  options.signal?.throwIfAborted();
  return { ok: findings.every(({ verdict }) => verdict !== 'wrong'), findings };
}

class Check {
  readonly #plan: NightPlan;
  readonly #options: CheckOptions & Looks;
  readonly #tools: NightTools;
  readonly #findings: CheckFinding[] = [];

  constructor(plan: NightPlan, options: CheckOptions & Looks, tools: NightTools) {
    this.#plan = plan;
    this.#options = options;
    this.#tools = tools;
  }

  async all(): Promise<readonly CheckFinding[]> {
    const { schedule } = this.#options;
    const { timeZone } = this.#plan;
    await this.#try('window', async () => {
      checkSchedule({ ...schedule, timeZone });
      return `Nights are ${hoursOf(schedule ?? {})} in ${timeZone}.`;
    });
    await Promise.all([this.#places(), this.#database()]);
    return this.#findings;
  }

  /** Records a finding; undefined if it is a bad one. */
  async #try<Result extends string | { readonly message: string }>(
    subject: CheckSubject,
    look: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result | undefined> {
    const { signal } = this.#options;
    const tooLong = (): Error =>
      new BackupError(
        subject === 'headquarters' || subject === 'network-path'
          ? 'storage-transient'
          : 'database-unreachable',
        `There was no answer within ${timeout / 1000} seconds.`,
      );
    try {
      const limits = { clock: this.#tools.clock, milliseconds: timeout, signal, tooLong };
      const found = await withTimeout(look, limits);
      this.#note(subject, 'good', typeof found === 'string' ? found : found.message);
      return found;
    } catch (error) {
      const ofStore = subject === 'headquarters' || subject === 'network-path';
      const sentence =
        serverErrorNumber(error) === noSuchTable
          ? `Database "${this.#plan.database.database}" is not an Open Dental database: it lacks its tables. Name the practice's database.`
          : sentenceOf(happenedDuring(ofStore ? 'store' : 'backup', error));
      this.#note(subject, 'wrong', sentence, error);
      return undefined;
    }
  }

  #note(subject: CheckSubject, verdict: CheckFinding['verdict'], message: string, error?: unknown): void {
    const code = error === undefined ? {} : { code: codeOf(error) };
    this.#findings.push({ subject, verdict, message, ...code });
  }

  /** Replaces a good finding. */
  #amend(subject: CheckSubject, verdict: CheckFinding['verdict'], message: string): void {
    const place = this.#findings.findIndex((finding) => finding.subject === subject);
    this.#findings[place] = { subject, verdict, message };
  }

  async #places(): Promise<void> {
    const { timeZone: _, ...plan } = this.#plan;
    const settings = plan.settings;
    let practice: Practice = plan.practice;
    if (settings !== undefined) {
      const read = await this.#try('settings', async (signal) => {
        const { status, networkPath } = await settings.read({ signal });
        return { message: `Supplemental backups are ${status}.`, status, networkPath };
      });
      if (read !== undefined) practice = { ...practice, status: read.status, networkPath: read.networkPath };
    }
    const eligibility = explainEligibility(practice);
    const isOff = practice.status !== 'enabled';
    if (isOff)
      this.#note('settings', 'warning', eligibility.hq.reasons[0]?.sentence ?? 'Backups are switched off.');
    const storage = { hq: plan.hq?.storage, local: plan.local?.storage };
    const path = practice.networkPath?.trim() ?? '';
    await Promise.all(
      configuredDestinations(this.#plan).map(async (destination) => {
        const subject = destination === 'hq' ? 'headquarters' : 'network-path';
        const store = storage[destination];
        if (store !== undefined) {
          await this.#try(subject, async (signal) => {
            await store.stat(`${plan.practiceId}/0000-00-00/check`, { signal });
            return `The ${store.description} answers.`;
          });
        } else if (path === '') this.#note(subject, 'warning', eligibility.local.reasons[0]?.sentence ?? '');
        else {
          await this.#try(subject, async () => {
            await (this.#options.looksOnly === true ? lookAtNetworkPath(path) : checkNetworkPath(path));
            return `The network path ${path} exists.`;
          });
        }
      }),
    );
  }

  async #database(): Promise<void> {
    const { database } = this.#plan;
    let connection: Connection | undefined;
    try {
      await withTimeout((signal) => openConnection(database, { signal }), {
        clock: this.#tools.clock,
        milliseconds: timeout,
        signal: this.#options.signal,
        tooLong: () => new BackupError('database-unreachable', 'The database server does not answer.'),
      }).then((opened) => {
        connection = opened;
      });
    } catch (error) {
      const isLogin = isBackupError(error) && [1044, 1045, 1698].includes(Number(error.details['errno']));
      this.#note(isLogin ? 'login' : 'server', 'wrong', sentenceOf(error), error);
    }
    if (connection === undefined) {
      await this.#spool(undefined);
      return;
    }
    const opened: Connection = connection;
    this.#note('server', 'good', 'The database server accepts the login.');
    const read = await this.#try('privileges', async (signal) => {
      const catalog = await readCatalog(opened, { signal });
      await assertMayLock(opened, catalog.database, signal);
      return { message: `The login sees ${catalog.tables.length} tables and may lock them.`, catalog };
    });
    await this.#spool(
      read &&
        neededSpace(
          read.catalog,
          configuredDestinations(this.#plan),
          this.#plan.hq === undefined
            ? null
            : selectCriticalTables(read.catalog, this.#plan.tables ?? openDentalPolicy),
        ),
    );
    await this.#admin(opened);
    await this.#clock(opened);
    await opened.close();
  }

  async #spool(neededBytes: number | undefined): Promise<void> {
    const { clock } = this.#tools;
    await this.#try('spool', async () => {
      try {
        const tonight = clock.now().toISOString().slice(0, 10);
        const { spool, guard } = await openOffice(this.#plan, tonight);
        await guard.release();
        if (neededBytes !== undefined) await spool.assertSpace(neededBytes);
      } catch (error) {
        // A run is using it, so it works.
        if (!isBackupError(error, 'already-running')) throw error;
      }
      return `The spool folder ${this.#plan.spool} is writable and has room.`;
    });
  }

  async #admin(connection: Connection): Promise<void> {
    const { keys, spool } = this.#plan;
    const found = await this.#try('admin', async (signal) => {
      const last = resolveLastAdmin(await readAdmins(connection, { signal }), {
        asOf: this.#tools.clock.now(),
      });
      if (last.kind !== 'found' && last.kind !== 'unsupported-hash') {
        throw new BackupError('no-usable-admin', last.sentence);
      }
      return { message: `Copies are sealed for ${last.admin.userName}.`, userNum: last.admin.userNum };
    });
    if (found === undefined) return;
    const store = keys?.store ?? createFileEnrollments({ path: `${spool}/keys.json` });
    const kept = await this.#try('key', async (signal) => {
      const key = await store.load(found.userNum, { signal });
      const isEnrolled = key?.unlock.kind === 'enrolled';
      return { message: isEnrolled ? 'The administrator is enrolled.' : '', isEnrolled };
    });
    if (kept?.isEnrolled !== false) return;
    const message =
      'The administrator is not enrolled yet. Copies are sealed with the password hash of the database.';
    this.#amend('key', keys?.policy === 'enrolled-only' ? 'wrong' : 'warning', message);
  }

  /** Either clock may be wrong. Nights go on, but at another time than people think. */
  async #clock(connection: Connection): Promise<void> {
    const found = await this.#try('clock', async (signal) => {
      const [row] = await connection.query('SELECT UNIX_TIMESTAMP() AS now', { signal });
      const apart = Math.abs(Number(row?.['now']) * 1000 - this.#tools.clock.now().getTime());
      return { message: 'The clocks of this machine and of the database server agree.', apart };
    });
    if (found === undefined || found.apart <= believableSkew) return;
    const apart = formatSeconds(found.apart / 1000);
    const message = `The clocks of this machine and of the database server are ${apart} apart; set them right.`;
    this.#amend('clock', 'warning', message);
  }
}

/** Checks the right to lock by the server's grants: only they show it without locking something. */
async function assertMayLock(connection: Connection, database: string, signal: AbortSignal): Promise<void> {
  const rows = await connection.query('SHOW GRANTS', { signal });
  const grants = rows.map((row) => Object.values(row)[0] ?? '').join('\n');
  // Rights of a role are not all listed here.
  const isTold = /LOCK TABLES|ALL PRIVILEGES/i.test(grants) || /^GRANT [`'"][^ ]+ TO /im.test(grants);
  if (isTold) return;
  throw new BackupError(
    'privilege-missing',
    `The login may not lock the tables of ${database}. Grant it LOCK TABLES.`,
    { details: { privilege: 'LOCK TABLES' } },
  );
}
