import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { type ArchiveReader, openArchive } from '../../src/archive/open-archive.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { type DumpOptions, dumpDatabase } from '../../src/dump/dump-database.js';
import type { ArchiveScope, Part } from '../../src/model/parts.js';

/** An archive in memory and the key to it. */
export interface Sealed {
  readonly bytes: Uint8Array;
  readonly identities: readonly string[];
  open(): Promise<ArchiveReader>;
}

/** Backs a database up into memory. */
export async function seal(source: DatabaseAddress, options: DumpOptions = {}): Promise<Sealed> {
  const scope = options.selection === undefined ? 'full' : 'critical';
  return sealParts(dumpDatabase(source, options), source.database!, scope);
}

/** Seals parts as they are. */
export async function sealParts(
  parts: AsyncIterable<Part>,
  database: string,
  scope: ArchiveScope = 'full',
): Promise<Sealed> {
  const identity = await generateX25519Identity();
  const identities = [identity];
  const archive = encryptArchive(parts, {
    recipients: [await identityToRecipient(identity)],
    label: { practiceId: 'test', database, scope, unlock: [] },
  });
  const bytes = await collectBytes(archive);
  return { bytes, identities, open: () => openArchive(rangesOfBytes(bytes), { identities }) };
}
