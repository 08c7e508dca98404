import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { createFileEnrollments } from '../../admin/stores/file-enrollments.js';
import { type DatabaseAddress, parseDatabaseUrl } from '../../database/address.js';
import { BackupError } from '../../errors.js';
import type { UploadJournal } from '../../storage/http/index.js';
import type { AlertSink } from '../alerts/alert.js';
import { combineAlerts } from '../alerts/combine-alerts.js';
import { createDatabaseAlerts } from '../alerts/database-alerts.js';
import { createHealthcheckAlerts } from '../alerts/healthcheck-alerts.js';
import { createFileLogger } from '../log/file-logger.js';
import type { Logger } from '../log/logger.js';
import { checkPlan, type DestinationPlan, type NightPlan } from '../run/night-plan.js';
import type { ServiceSchedule } from '../service/nightly-options.js';
import { createDatabaseSettings } from '../settings/database-settings.js';
import { checkSchedule } from '../window.js';
import { createLogAlerts } from './log-alerts.js';
import type { EvidenceFiles, HeadquartersByHandOver, HeadquartersInBucket, NightFile } from './night-file.js';
import { type ReadNightFile, readNightFile } from './read-night-file.js';
import { type Environment, readSecret, type SecretSource } from './secret.js';
import { createStreamLogger } from './stream-logger.js';

/** What a file declares: the plan of every night, and when the nights are. */
export interface FilePlan {
  readonly plan: NightPlan;
  readonly schedule: ServiceSchedule;
  readonly logger: Logger;
  /** The evidence page of every night and its sources, as absolute paths. */
  readonly evidence?: EvidenceFiles;
}

/** The surroundings of the process. */
export interface Surroundings {
  readonly env: Environment;
  /** Where the log goes when the file names none. */
  readonly stderr: Writable;
}

/**
 * The plan that a file declares, made of the same parts as by a host. Every secret is read once, so that a
 * missing one is reported before the night.
 *
 * @throws BackupError `settings-invalid`, which names the file and the member and holds no value
 */
export async function planOf(path: string, around: Surroundings): Promise<FilePlan> {
  const read = await readNightFile(path);
  try {
    return await new Builder(read, around).build();
  } catch (error) {
    // Constructors name what is wrong but never its value.
    if (error instanceof BackupError && error.details['file'] === undefined) {
      throw read.refuse(error.happened, error);
    }
    if (error instanceof TypeError || error instanceof RangeError)
      throw read.refuse(`${error.message}.`, error);
    throw error;
  }
}

class Builder {
  readonly #file: NightFile;
  readonly #read: ReadNightFile;
  readonly #around: Surroundings;

  constructor(read: ReadNightFile, around: Surroundings) {
    this.#file = read.file;
    this.#read = read;
    this.#around = around;
  }

  async build(): Promise<FilePlan> {
    const {
      practiceId,
      timeZone,
      schedule = {},
      keys,
      local,
      reading,
      scrubMinutes,
      spoolReserveBytes,
      trustedKeys,
    } = this.#file;
    const database = await this.#database();
    const logger = this.#logger();
    const path = this.#localPath();
    const plan: NightPlan = {
      ...reading,
      practiceId,
      practice: {
        ...this.#file.practice,
        // This service replaces it, and the file names a database that it can reach.
        hasEConnector: true,
        cloudDatabase: false,
        status: 'enabled',
        networkPath: path,
      },
      database,
      timeZone,
      spool: this.#inFolder('spool'),
      logger,
      alerts: await this.#alerts(database, logger),
      alertThresholds: this.#file.alerts?.thresholds,
      hq: await this.#headquarters(),
      local: local && { retention: local.retention, scrubEveryNights: local.scrubEveryNights },
      settings: this.#usesDatabase ? createDatabaseSettings(database, { timeZone }) : undefined,
      keys: keys && {
        policy: keys.policy,
        postQuantum: keys.postQuantum,
        furtherRecipients: keys.furtherRecipients,
        store:
          keys.file === undefined
            ? undefined
            : createFileEnrollments({ path: this.#read.resolvePath(keys.file) }),
      },
      spoolReserveBytes,
      scrubMinutes,
      trustedKeys,
    };
    checkSchedule({ ...schedule, timeZone });
    if (plan.alertThresholds === 'strict' && local !== undefined && schedule.localEveryNights !== 1) {
      throw this.#read.refuse(
        '"alerts.thresholds" needs a local copy every night: "schedule.localEveryNights" must be 1.',
      );
    }
    checkPlan(plan);
    const evidence = this.#evidence();
    return { plan, schedule, logger, ...(evidence === undefined ? {} : { evidence }) };
  }

  #evidence(): EvidenceFiles | undefined {
    const { evidence } = this.#file;
    if (evidence === undefined) return undefined;
    const { file, rehearsal, sbom } = evidence;
    const whole = (path: string | undefined): string | undefined => path && this.#read.resolvePath(path);
    return { file: this.#read.resolvePath(file), rehearsal: whole(rehearsal), sbom: whole(sbom) };
  }

  get #usesDatabase(): boolean {
    return this.#file.settings === 'database';
  }

  #inFolder(name: string): string {
    return join(this.#read.resolvePath(this.#file.folder), name);
  }

  #secret(source: SecretSource, name: string): Promise<string> {
    return readSecret(source, name, { env: this.#around.env, resolvePath: this.#read.resolvePath });
  }

  async #database(): Promise<DatabaseAddress> {
    const { url, password: source } = this.#file.database;
    const { password: inline = '', ...address } = parsed(url, this.#read.refuse);
    if (inline !== '') {
      throw this.#read.refuse(
        '"database.url" holds a password. This file must hold no secret: "database.password" says where it is.',
      );
    }
    if (address.user === '') throw this.#read.refuse('"database.url" names no user.');
    if (address.database === undefined) throw this.#read.refuse('"database.url" names no database.');
    if (source === undefined) return address;
    const password = (): Promise<string> => this.#secret(source, 'database.password');
    await password();
    return { ...address, password };
  }

  #logger(): Logger {
    const { log } = this.#file;
    if (log === undefined) return createStreamLogger(this.#around.stderr);
    return createFileLogger({ ...log, path: this.#read.resolvePath(log.file) });
  }

  async #alerts(database: DatabaseAddress, logger: Logger): Promise<AlertSink> {
    const { timeZone, alerts = {} } = this.#file;
    const sinks: AlertSink[] = [createLogAlerts(logger)];
    if (alerts.database === true) sinks.push(createDatabaseAlerts(database, { timeZone }));
    if (alerts.healthcheck !== undefined) {
      const url = await this.#secret(alerts.healthcheck, 'alerts.healthcheck');
      if (!URL.canParse(url)) throw this.#read.refuse('"alerts.healthcheck" must name the place of a URL.');
      sinks.push(createHealthcheckAlerts({ url }));
    }
    return combineAlerts(...sinks);
  }

  #localPath(): string | undefined {
    const { local, hq } = this.#file;
    if (local === undefined) {
      if (hq === undefined) throw this.#read.refuse('"hq" or "local" must say where copies go.');
      return undefined;
    }
    if (this.#usesDatabase && local.path !== undefined) {
      throw this.#read.refuse(
        '"local.path" has no effect where "settings" is "database": the path is there.',
      );
    }
    if (!this.#usesDatabase && local.path === undefined) throw this.#read.refuse('"local.path" is missing.');
    return local.path === undefined ? undefined : this.#read.resolvePath(local.path);
  }

  async #headquarters(): Promise<DestinationPlan | undefined> {
    const { hq } = this.#file;
    if (hq === undefined) return undefined;
    const { createFileUploadJournal } = await import('../../storage/http/index.js');
    const journal = createFileUploadJournal(this.#inFolder('uploads'));
    return {
      storage: await (hq.kind === 's3' ? this.#bucket(hq, journal) : this.#handOver(hq, journal)),
      // A hand-over can remove nothing; in a bucket of their own nobody else would.
      retention: hq.retention ?? (hq.kind === 's3' ? undefined : 'keep-all'),
      scrubEveryNights: hq.scrubEveryNights,
    };
  }

  async #handOver(
    { url, token, allowLoopbackHttp }: HeadquartersByHandOver,
    journal: UploadJournal,
  ): Promise<DestinationPlan['storage']> {
    const { createHttpStorage } = await import('../../storage/http/index.js');
    const bearer = async (): Promise<Readonly<Record<string, string>>> => ({
      authorization: `Bearer ${await this.#secret(token, 'hq.token')}`,
    });
    await bearer();
    return createHttpStorage({ url, allowLoopbackHttp, journal, headers: bearer });
  }

  async #bucket(
    { bucket, prefix, region, endpoint, pathStyle, credentials, objectLock }: HeadquartersInBucket,
    journal: UploadJournal,
  ): Promise<DestinationPlan['storage']> {
    const { createS3Storage } = await import('../../storage/s3/index.js').catch((error: unknown) => {
      throw this.#read.refuse('"hq" needs the S3 client: npm install @aws-sdk/client-s3.', error);
    });
    const { accessKeyId, secretAccessKey } = credentials ?? {};
    const known =
      accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : {
            credentials: {
              accessKeyId,
              secretAccessKey: await this.#secret(secretAccessKey, 'hq.credentials.secretAccessKey'),
            },
          };
    return createS3Storage({
      bucket,
      prefix,
      journal,
      retention: objectLock,
      connection: {
        ...known,
        ...(region === undefined ? {} : { region }),
        ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: pathStyle ?? true }),
      },
    });
  }
}

function parsed(
  url: string,
  refuse: ReadNightFile['refuse'],
): DatabaseAddress & { readonly password?: string } {
  try {
    return parseDatabaseUrl(url);
  } catch (error) {
    throw refuse(`${(error as Error).message.replace('"url"', '"database.url"')}.`, error);
  }
}
