/**
 * The database of a practice: it is read for a while, and fails as the seed says. What comes of it is sealed
 * by nobody.
 */
import { BackupError } from '../../src/errors.js';
import type { SealedNight, SealRequest } from '../../src/nightly/run/seal-copies.js';
import type { Facts } from './facts.js';
import type { Judge } from './judge.js';
import type { People } from './people.js';
import type { Random } from './random.js';
import { fakeArchive, unlockOf } from './sealed.js';
import type { Services } from './services.js';
import { passing } from './store.js';
import type { Tables } from './tables.js';
import { forEver, time } from './time.js';

const minute = 60_000;

type Failure = 'database-connection-lost' | 'database-unreachable' | 'lock-not-granted' | 'schema-changed';

export class Database {
  readonly #facts: Facts;
  readonly #people: People;
  readonly #judge: Judge;
  readonly #random: Random;
  readonly tables: Tables;

  constructor(facts: Facts, people: People, judge: Judge, random: Random, tables: Tables) {
    this.#facts = facts;
    this.#people = people;
    this.#judge = judge;
    this.#random = random;
    this.tables = tables;
  }

  /** @param services - how it is at fault when it is asked, and the newest notes in it */
  async seal(
    request: SealRequest,
    scheduled: boolean,
    { faulty: { database: fault }, heads }: Pick<Services, 'faulty' | 'heads'>,
  ): Promise<SealedNight> {
    const { signal, night, destinations, spool } = request;
    const random = this.#random;
    if (fault === 'away') fails('database-unreachable');
    if (fault === 'hanging') await forEver();
    const admin = this.#people.lastAdmin();
    await passing((fault === 'locked' ? 15 : random.between(1, this.#facts.longestReading)) * minute, signal);
    if (fault === 'locked') fails('lock-not-granted');
    if (fault === 'changing') fails('schema-changed');
    await spool.assertSpace(1024);
    if (fault === 'lost') fails('database-connection-lost');
    const holder = {
      userNum: admin.userNum,
      userName: `admin${admin.userNum}`,
      recipient: `age1${admin.userNum}x${admin.epoch}`,
    };
    const tables = this.tables.read();
    for (const destination of destinations) {
      const archiveId = Array.from({ length: 32 }, () => random.between(0, 15).toString(16)).join('');
      const scope = destination === 'hq' ? 'critical' : 'full';
      const createdAt = request.now().toISOString();
      const size = random.between(20, 200);
      const archive = fakeArchive({ archiveId, createdAt, practiceId: '4711', scope, holder, size, tables });
      this.#judge.sealed({ label: archive.label, bytes: archive.bytes, night, scheduled, at: time.now });
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
    const { userNum, userName } = holder;
    return {
      failures: new Map(),
      warnings: [],
      admins: this.#people.admins(),
      ...(heads === undefined ? {} : { heads }),
      facts: { keyHolder: { userNum, userName, unlock: 'stored-hash' } },
      pin: { userNum, userName, mark: 'm', recordMark: 'r', unlock: unlockOf(holder) },
    };
  }
}

function fails(code: Failure): never {
  throw new BackupError(code, `The database says ${code}.`, { details: { table: 'patient' } });
}
