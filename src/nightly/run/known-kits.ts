import { mostKits, type RecoveryKit } from '../../admin/kits/kit-store.js';
import { listOf, objectOf, type Shape, textUpTo } from '../../shapes.js';
import { nightsBetween } from '../nights.js';
import { night } from './report-shape.js';

/** A recovery kit that copies open with, and the first night that met it. */
export interface KnownKit extends Pick<RecoveryKit, 'createdAt' | 'id' | 'owner' | 'recipient'> {
  readonly since: string;
}

/** How many nights a new kit is reported. */
const newNights = 7;

/** Whether a value is the journal's record of kits. */
export const areKnownKits: Shape<readonly KnownKit[]> = listOf(
  objectOf<KnownKit>({
    id: textUpTo(8),
    owner: textUpTo(200),
    recipient: textUpTo(4000),
    createdAt: textUpTo(40),
    since: night,
  }),
  mostKits,
);

/**
 * The kits of tonight. A kit is identified by its key: anyone who can write where kits are stored can put a
 * key of their own under the name of another.
 */
export function kitsOfNight(
  known: readonly KnownKit[],
  kits: readonly RecoveryKit[],
  tonight: string,
): { readonly known: readonly KnownKit[]; readonly hasNew: boolean } {
  const before = new Map(known.map((kit) => [kit.recipient, kit]));
  return {
    known: kits.map(({ id, owner, recipient, createdAt }) => {
      const kit = before.get(recipient);
      // One that a clock met ahead of its time is new from tonight on, and not until then.
      if (kit !== undefined) return kit.since > tonight ? { ...kit, since: tonight } : kit;
      return { id, owner, recipient, createdAt, since: tonight };
    }),
    hasNew: kits.some(({ recipient }) => !before.has(recipient)),
  };
}

/** The kits that are still reported. */
export function newKits(known: readonly KnownKit[], tonight: string): readonly KnownKit[] {
  return known.filter(({ since }) => nightsBetween(since, tonight) < newNights);
}
