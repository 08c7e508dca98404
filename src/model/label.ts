/**
 * Version of the archive format. Readers refuse a higher major version, and ignore what is new in a higher
 * minor one.
 */
export interface FormatVersion {
  /** A reader must know it, or refuse the archive. */
  readonly major: number;
  /** What is new in it can be ignored. */
  readonly minor: number;
}

/** Whether an archive holds the critical tables or everything. */
export type ArchiveScope = 'critical' | 'full';

/** The unencrypted label at the front of every archive. Names no patient, no table and no count. */
export interface Label {
  /** Version of the format. */
  readonly format: FormatVersion;
  /** Random, unique: 32 lower-case hex digits. */
  readonly archiveId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Whose database it is. */
  readonly practiceId: string;
  /** Name of the database. */
  readonly database: string;
  /** Everything, or the critical tables. */
  readonly scope: ArchiveScope;
  /** Whose password opens it; absent when sealed to plain recipients only. */
  readonly keyHolder?: KeyHolder;
  /** The ways from a password to the identity. Empty when sealed to plain recipients only. */
  readonly unlock: readonly Unlock[];
  /** The recovery kits that open it as well; absent when none do. Since format 1.3. */
  readonly recoveryKits?: readonly LabelKit[];
}

/** A recovery kit on paper that opens an archive. */
export interface LabelKit {
  /** As on its sheets: eight lower-case hex digits. */
  readonly id: string;
  /** When it was made; ISO 8601, UTC. */
  readonly createdAt: string;
  /** `age1…` or `age1pq1…`. */
  readonly recipient: string;
}

/** The administrator for whom an archive is sealed. */
export interface KeyHolder {
  /** `userod.UserNum`, as decimal text (it may exceed 2^53). */
  readonly userNum: string;
  /** As it was when the archive was sealed. */
  readonly userName: string;
}

/** A way from a password to an age identity. */
export type Unlock = EnrolledUnlock | StoredHashUnlock;

/** The identity was sealed with the password itself, when the admin logged in. */
export interface EnrolledUnlock {
  readonly kind: 'enrolled';
  /** 1, 2, 3 …: which password of that admin. */
  readonly epoch: number;
  /** `age1…` or `age1pq1…`. */
  readonly recipient: string;
  /** Armored age file with one scrypt stanza; the passphrase is the NFKC form of the password. */
  readonly sealedIdentity: string;
  /**
   * Older epochs' identities, each armored and sealed to the recipient of the next newer epoch; newest first.
   */
  readonly chain?: readonly ChainLink[];
}

/** The identity was sealed with the password hash in the database. */
export interface StoredHashUnlock {
  readonly kind: 'stored-hash';
  /** `SHA3_512`, `MD5` or `MD5_ECW`. */
  readonly hashType: string;
  /** Salt text, as stored. */
  readonly salt: string;
  /** The public key that the archive is sealed for. */
  readonly recipient: string;
  /**
   * Armored age file with one scrypt stanza; the passphrase is the stored hash text that the password leads
   * to.
   */
  readonly sealedIdentity: string;
}

/** An older epoch's identity, sealed to the next newer one. */
export interface ChainLink {
  /** Number of the older key. */
  readonly epoch: number;
  /** The older public key. */
  readonly recipient: string;
  /** The older secret key, sealed for the newer one. */
  readonly sealedIdentity: string;
}
