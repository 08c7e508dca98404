/**
 * `supplemental-backup/archive`: reads and writes archives, in Node.js and browsers. Nothing here uses a
 * database, a disk or a network.
 *
 * @module
 */
export type { Identity, Recipient } from 'age-encryption';
export type { AuditAction, AuditEntry, AuditLog } from '../audit.js';
export { toReadableStream } from '../bytes.js';
export { packRows, unpackRows } from '../columns/pack.js';
export type { ColumnBatch, ColumnValues, FixedValues, VariableValues } from '../model/column-batch.js';
export type * from '../model/parts.js';
export { type DecryptArchiveOptions, decryptArchive, type OpenedArchive } from './decrypt-archive.js';
export { type EncryptArchiveOptions, encryptArchive, type SealedArchive } from './encrypt-archive.js';
export { filterParts, type PartFilter } from './filter-parts.js';
export { forkParts } from './fork-parts.js';
export { type ArchiveInspection, inspectArchive } from './inspect-archive.js';
export type { LabelFields } from './label.js';
export {
  type ArchiveReader,
  type OpenArchiveOptions,
  openArchive,
  type ReadOptions,
  type ReadPartsOptions,
  type ReadTableOptions,
} from './open-archive.js';
export type { Password } from './password/passphrase.js';
export { type ArchiveKeys, type UnlockedIdentity, unlockChain, unlockLabel } from './unlock.js';
