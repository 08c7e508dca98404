import { identityToRecipient } from 'age-encryption';
import { type ArchiveReader, openArchive, type Password } from '../archive/index.js';
import { passwordText } from '../archive/password/passphrase.js';
import { followChain, openSealedIdentity } from '../archive/unlock.js';
import { assertArgument } from '../arguments.js';
import type { RangeSource } from '../bytes.js';
import { BackupError, type BackupErrorCode, during, isBackupError } from '../errors.js';
import type { Unlock } from '../model/parts.js';
import { rangeSourceOf } from '../storage/read-ranges.js';
import type { Enrollment } from './enrollment.js';
import { isOlder, lookAtNewest, type NewestCopy, placeByLabel } from './newest-copy.js';
import { lastOpenedAt, mostPlaces, type OpenedPlace, type Opening, type OpeningFinding } from './opening.js';
import {
  assertProveOptions,
  type FinishedOpening,
  type OpeningProof,
  type ProvenPlace,
  type ProveOpeningOptions,
} from './opening-proof.js';
import { type ReadLimits, readSample } from './read-sample.js';
import { provenOpening } from './record-opening.js';
import { signedOpening } from './record-signature.js';
import { type AdminPassword, acceptPassword, assertAdmin } from './verify-admin-password.js';

const day = 86_400_000;
const defaultLimits: ReadLimits = { share: 0.05, mostBytes: 64 * 2 ** 20, mostSeconds: 60 };
/** Ways into a label are tried with the password if no known key opens them; each try costs one scrypt. */
const mostTried = 2;

/**
 * Proves at a login, while the host has the password, that it opens the newest copies. At each place it finds
 * the newest copy, reads the label, opens the key, and reads the manifest and a sample of the rows. No secret
 * is stored. The result is stored beside the administrator's key, where the nights read it.
 *
 * It resolves when the copies are open, after one scrypt and two reads of ranges for each place; the sample
 * is read meanwhile, see `finished`. Call it after `enrollAdmin`.
 *
 * @param admin - as `readAdmins` gave it, after the login
 * @param password - as typed; bytes are the caller's to wipe as soon as it has resolved
 * @throws BackupError `password-refused` when it is empty or not this administrator's; what the store of keys
 * throws
 * @example
 * ```ts
 * const proof = await proveOpening(admin, password, {
 *   store: enrollments,
 *   stores: [{ place: 'hq', storage: store }],
 *   practiceId: '4711',
 * });
 * for (const finding of proof.findings) console.warn(describeFinding(finding, admin.userName));
 * ```
 */
export function proveOpening(
  admin: AdminPassword,
  password: Password,
  options: ProveOpeningOptions,
): Promise<OpeningProof> {
  return during('read', async () => {
    assertAdmin('admin', admin);
    assertArgument('password', password, 'password');
    assertProveOptions(options);
    return new Proof(admin, acceptPassword(admin, passwordText(password)).text, options).go();
  });
}

/** An archive that is open. */
interface Opened {
  readonly place: string;
  readonly source: RangeSource;
  readonly archive: ArchiveReader;
}

/** One opening, from the password to the stored result. */
class Proof {
  readonly #admin: AdminPassword;
  readonly #options: ProveOpeningOptions;
  readonly #now: Date;
  readonly #findings: OpeningFinding[] = [];
  readonly #opened: Opened[] = [];
  /** Identities that the password leads to, by recipient. */
  readonly #identities = new Map<string, string>();
  #password: string;

  constructor(admin: AdminPassword, password: string, options: ProveOpeningOptions) {
    this.#admin = admin;
    this.#password = password;
    this.#options = options;
    this.#now = options.now ?? new Date();
  }

  async go(): Promise<OpeningProof> {
    const { store, stores, signal } = this.#options;
    const looks = Promise.all(stores.map((each) => lookAtNewest(each, this.#now, this.#options)));
    looks.catch(() => undefined);
    const record = await store.load(this.#admin.userNum, { signal });
    const last = record === null ? null : provenOpening(record);
    // Where the key is needed in any case, scrypt runs while the places answer.
    const isSure = record === null || last === null || !this.#stands(last);
    const opening = isSure ? this.#openRecord(record) : undefined;
    opening?.catch(() => undefined);
    const seen = await looks;
    if (!isSure && !this.#isContradicted(record, last, seen)) {
      return {
        isDue: false,
        places: seen.map(placeByLabel),
        findings: [],
        finished: Promise.resolve({ opening: last, isKept: true }),
      };
    }
    await (opening ?? this.#openRecord(record));
    const places: ProvenPlace[] = [];
    for (const each of seen) places.push(await this.#open(each, last));
    // Only the keys are needed from here on.
    this.#password = '';
    const finished = this.#finish(record, last);
    finished.catch(() => undefined);
    return { isDue: true, places, findings: [...this.#findings], finished };
  }

  #stands(last: Opening): boolean {
    const { everyDays = 7, isAsked = false } = this.#options;
    const opened = lastOpenedAt(last);
    if (isAsked || opened === null || last.findings.length > 0) return false;
    const age = this.#now.getTime() - Date.parse(opened);
    return age >= 0 && age < everyDays * day;
  }

  /** Whether the labels contradict a recent result. */
  #isContradicted({ unlock }: Enrollment, last: Opening, seen: readonly NewestCopy[]): boolean {
    const ours = new Set([
      unlock.recipient,
      ...(unlock.kind === 'enrolled' ? (unlock.chain ?? []).map(({ recipient }) => recipient) : []),
    ]);
    return seen.some((each) => {
      const label = this.#isOwn(each) ? each.latest?.label : undefined;
      const isForeign = label?.unlock.some(({ recipient }) => !ours.has(recipient)) ?? false;
      return isForeign || isOlder(each, last);
    });
  }

  #isOwn({ latest }: NewestCopy): boolean {
    const keyHolder = latest?.label?.keyHolder;
    return latest !== null && (keyHolder === undefined || keyHolder.userNum === this.#admin.userNum);
  }

  /** Opens the stored key and the keys before it. */
  async #openRecord(record: Enrollment | null): Promise<void> {
    if (record === null) return;
    const { unlock } = record;
    const identity = await this.#tryWay(unlock);
    if (identity === null) {
      this.#findings.push({ code: 'record-not-ours' });
      return;
    }
    const older = await followChain(unlock, identity).catch((error: unknown) => {
      if (!isBackupError(error)) throw error;
      return [];
    });
    for (const each of older) this.#identities.set(each.recipient, each.identity);
    const links = unlock.kind === 'enrolled' ? (unlock.chain ?? []) : [];
    if (older.length < links.length) this.#findings.push({ code: 'chain-broken' });
  }

  /** The identity that the password opens, if it belongs to the recipient beside it. */
  async #tryWay(unlock: Unlock): Promise<string | null> {
    try {
      const identity = await openSealedIdentity(unlock, this.#password);
      if (identity === null || (await identityToRecipient(identity)) !== unlock.recipient) return null;
      this.#identities.set(unlock.recipient, identity);
      return identity;
    } catch (error) {
      if (!isBackupError(error)) throw error;
      return null;
    }
  }

  async #open(seen: NewestCopy, last: Opening | null): Promise<ProvenPlace> {
    const { signal } = this.#options;
    const { place, storage, latest } = seen;
    const told = placeByLabel(seen);
    if (isOlder(seen, last)) this.#findings.push({ code: 'archive-older', place });
    if (latest === null || told.outcome === 'unreachable') return told;
    if (!this.#isOwn(seen)) return { ...told, outcome: 'other-holder' };
    const ways = latest.label?.unlock ?? [];
    // Keys from before the first login were not enrolled, but may open with the password.
    for (const way of ways.filter(({ recipient }) => !this.#identities.has(recipient)).slice(0, mostTried)) {
      await this.#tryWay(way);
    }
    if (ways.length === 0 || !ways.every(({ recipient }) => this.#identities.has(recipient))) {
      this.#findings.push({ code: 'recipient-not-ours', place });
    }
    const identities = ways.flatMap(({ recipient }) => this.#identities.get(recipient) ?? []);
    if (identities.length === 0) return { ...told, code: 'wrong-key' };
    try {
      const source = await rangeSourceOf(storage, latest.key, { signal });
      const archive = await openArchive(source, { identities, signal });
      this.#opened.push({ place, source, archive });
      return { ...told, outcome: 'opened' };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isBackupError(error)) throw error;
      return this.#notOpened(told, error.code);
    }
  }

  #notOpened(told: ProvenPlace, code: BackupErrorCode): ProvenPlace {
    const { place } = told;
    if (code.startsWith('storage-') || code === 'destination-missing') {
      return { ...told, outcome: 'unreachable', code };
    }
    const isKnown = this.#findings.some((each) => each.code === 'recipient-not-ours' && each.place === place);
    // The label names a key of this administrator, but the archive is sealed to another one.
    if (code !== 'wrong-key') this.#findings.push({ code: 'archive-damaged', place });
    else if (!isKnown) this.#findings.push({ code: 'recipient-not-ours', place });
    return { ...told, code };
  }

  async #finish(record: Enrollment | null, last: Opening | null): Promise<FinishedOpening> {
    const at = this.#now.toISOString();
    const opened: OpenedPlace[] = [];
    let { rehearsedAt } = last ?? {};
    try {
      for (const { place, archive } of this.#opened) {
        const proven = await this.#read(place, archive);
        if (proven !== null) opened.push({ ...proven, openedAt: at });
      }
      if (await this.#rehearse(rehearsedAt, opened)) rehearsedAt = at;
    } finally {
      for (const { archive } of this.#opened) archive.close();
    }
    const others = (last?.places ?? []).filter(({ place }) => !opened.some((each) => each.place === place));
    const opening: Opening = {
      at,
      places: [...opened, ...others].slice(0, 2 * mostPlaces),
      findings: this.#findings.slice(0, 2 * mostPlaces),
      ...(rehearsedAt === undefined ? {} : { rehearsedAt }),
    };
    return this.#keep(record, opening);
  }

  async #read(place: string, archive: ArchiveReader): Promise<Omit<OpenedPlace, 'openedAt'> | null> {
    const { signal, share, mostBytes, mostSeconds } = this.#options;
    const limits = {
      share: share ?? defaultLimits.share,
      mostBytes: mostBytes ?? defaultLimits.mostBytes,
      mostSeconds: mostSeconds ?? defaultLimits.mostSeconds,
    };
    const { archiveId, createdAt } = archive.label!;
    try {
      return { place, archiveId, createdAt, ...(await readSample(archive, limits, { signal })) };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isBackupError(error)) throw error;
      // A broken connection says nothing about the copy, which did open.
      if (!error.code.startsWith('archive-'))
        return { place, archiveId, createdAt, readBytes: 0, rowBytes: 0 };
      this.#findings.push({ code: 'archive-damaged', place });
      return null;
    }
  }

  /** @returns whether it succeeded */
  async #rehearse(rehearsedAt: string | undefined, opened: readonly OpenedPlace[]): Promise<boolean> {
    const { rehearsal, signal } = this.#options;
    const found = this.#opened.find(({ place }) => opened.some((each) => each.place === place));
    if (rehearsal === undefined || found === undefined) return false;
    const age =
      rehearsedAt === undefined ? Number.POSITIVE_INFINITY : this.#now.getTime() - Date.parse(rehearsedAt);
    if (age >= 0 && age < (rehearsal.everyDays ?? 30) * day) return false;
    const { place, source } = found;
    try {
      const identities = [...this.#identities.values()];
      if ((await rehearsal.run({ place, source, identities }, { signal })).ok) return true;
    } catch {
      signal?.throwIfAborted();
    }
    this.#findings.push({ code: 'rehearsal-failed', place });
    return false;
  }

  /** Stores the result with the latest record of the key. */
  async #keep(record: Enrollment | null, made: Opening): Promise<FinishedOpening> {
    const { store, signal } = this.#options;
    const { userNum } = this.#admin;
    const identity = record === null ? undefined : this.#identities.get(record.unlock.recipient);
    const opening = identity === undefined ? made : signedOpening(userNum, made, identity);
    for (let attempt = 0; attempt < 5; attempt++) {
      const current = await store.load(userNum, { signal });
      if (current === null) return { opening, isKept: false };
      const kept = { ...current, revision: current.revision + 1, opening };
      if (await store.save(kept, { signal })) return { opening, isKept: true };
    }
    throw new BackupError(
      'storage-transient',
      'The result of the opening could not be saved: another process keeps changing the key.',
    );
  }
}
