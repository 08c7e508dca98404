import { identityToRecipient } from 'age-encryption';
import type { Password } from '../archive/index.js';
import { followChain, openSealedIdentity } from '../archive/unlock.js';
import { isBackupError } from '../errors.js';
import type { ChainLink, Label, Unlock } from '../model/parts.js';
import { type Enrollment, type KeyEpoch, keyEpochOf } from './enrollment.js';
import { sealToRecipient } from './key-pair.js';
import type { AdminPassword } from './verify-admin-password.js';

/** Each label that is tried costs one scrypt. */
const labelsTried = 3;

/** What a label says of the pairs that open its archive. */
export type SealedLabel = Pick<Label, 'createdAt' | 'keyHolder' | 'unlock'>;

/** A stored pair, with its secret key if a given password opens it. */
export interface EarlierPair extends KeyEpoch {
  readonly identity: string | null;
  /** The stored public key does not belong to the secret key, or there is no secret key. */
  readonly isForeign: boolean;
}

/** Opens the stored pairs, newest first. */
export async function openEarlier(
  current: Enrollment,
  passwords: readonly Password[],
): Promise<readonly EarlierPair[]> {
  const earlier: EarlierPair[] = [];
  for (const pair of [keyEpochOf(current), ...(current.resting === undefined ? [] : [current.resting])]) {
    earlier.push({ ...pair, ...(await open(pair.unlock, passwords)) });
  }
  return earlier;
}

/** Pairs that archives were sealed with, and that the password opens. */
export async function openLabels(
  { userNum }: Pick<AdminPassword, 'userNum'>,
  current: Enrollment | null,
  password: string,
  labels: readonly SealedLabel[] = [],
): Promise<readonly EarlierPair[]> {
  const known = new Set([current?.unlock.sealedIdentity, current?.resting?.unlock.sealedIdentity]);
  const opened: EarlierPair[] = [];
  for (const label of labels
    .filter(({ keyHolder }) => keyHolder?.userNum === userNum)
    .slice(0, labelsTried)) {
    for (const unlock of label.unlock) {
      if (known.has(unlock.sealedIdentity)) continue;
      known.add(unlock.sealedIdentity);
      const { identity, isForeign } = await open(unlock, [password]);
      if (identity === null || isForeign) continue;
      const epoch = unlock.kind === 'enrolled' ? unlock.epoch : (current?.epoch ?? 1);
      opened.push({ epoch, since: label.createdAt, unlock, identity, isForeign });
    }
  }
  return opened;
}

/** Seals each identity to the pair after it. */
export async function chainFrom(
  newest: string,
  earlier: readonly EarlierPair[],
): Promise<{ readonly chain: readonly ChainLink[]; readonly identities: readonly string[] }> {
  const chain: ChainLink[] = [];
  const identities: string[] = [];
  let after = newest;
  for (const { epoch, unlock, identity } of earlier) {
    if (identity === null) continue;
    const recipient = await identityToRecipient(identity);
    chain.push({ epoch, recipient, sealedIdentity: await sealToRecipient(identity, after) });
    if (unlock.kind === 'enrolled') chain.push(...(unlock.chain ?? []));
    identities.push(identity, ...(await followChain(unlock, identity)).map((link) => link.identity));
    after = recipient;
  }
  return { chain, identities };
}

async function open(
  unlock: Unlock,
  passwords: readonly Password[],
): Promise<Pick<EarlierPair, 'identity' | 'isForeign'>> {
  for (const password of passwords) {
    try {
      const identity = await openSealedIdentity(unlock, password);
      if (identity === null) continue;
      return { identity, isForeign: (await identityToRecipient(identity)) !== unlock.recipient };
    } catch (error) {
      if (!isBackupError(error)) throw error;
      // What is not a sealed identity was not stored by a login.
      return { identity: null, isForeign: true };
    }
  }
  return { identity: null, isForeign: false };
}
