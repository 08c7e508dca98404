/** Sealed archives without a seal: a true label on the outside, and bytes that nobody opens. */
import type { SealedArchive } from '../../src/archive/index.js';
import { utf8 } from '../../src/bytes.js';
import type { ArchiveScope, Label, Manifest, Unlock } from '../../src/model/parts.js';

/** Who can open it. */
export interface Holder {
  readonly userNum: string;
  readonly userName: string;
  /** Changes with the password. */
  readonly recipient: string;
}

export function unlockOf({ recipient }: Pick<Holder, 'recipient'>): Unlock {
  return { kind: 'stored-hash', hashType: 'SHA3_512', salt: 's', recipient, sealedIdentity: 'sealed' };
}

/** @param size - how long the part is that nobody opens, in bytes */
export function fakeArchive(facts: {
  readonly archiveId: string;
  readonly createdAt: string;
  readonly practiceId: string;
  readonly scope: ArchiveScope;
  readonly holder: Holder;
  readonly size: number;
  /** What its manifest counts. */
  readonly tables?: readonly object[];
}): SealedArchive & { readonly bytes: Uint8Array } {
  const { holder, size, tables = [], ...told } = facts;
  const label: Label = {
    format: { major: 1, minor: 0 },
    ...told,
    database: 'opendental',
    keyHolder: { userNum: holder.userNum, userName: holder.userName },
    unlock: [unlockOf(holder)],
  };
  const body = Buffer.from(JSON.stringify(label)).toString('base64').replace(/=+$/, '');
  // A line of less than 64 characters ends a stanza.
  const lines = `${body.replace(/.{64}/g, '$&\n')}\n`;
  const header = `age-encryption.org/v1\n-> supplemental-backup/label\n${lines}--- ${'A'.repeat(43)}\n`;
  const bytes = new Uint8Array(header.length + 32 + size);
  bytes.set(utf8(header));
  bytes.set(utf8(told.archiveId), header.length);
  const manifest = {
    tables,
    leftOut: [],
    warnings: [],
    archiveId: told.archiveId,
  } as unknown as Manifest;
  return {
    label,
    bytes,
    manifest: Promise.resolve(manifest),
    toReadableStream: () => {
      throw new TypeError('not simulated');
    },
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
  };
}
