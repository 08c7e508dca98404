/** What the journal stores of signs of loss, and of what people said about them. */
import { count, listOf, objectOf, optional, type Shape, someOf, textUpTo } from '../../shapes.js';

/** Signs of loss that are not acknowledged; as long as there are any, no copy is removed. */
export interface StandingLoss {
  /** Of the first sign. */
  readonly night: string;
  /** In sentences. */
  readonly findings: readonly string[];
  /** Of how many of them the alert that stands has told. */
  readonly told?: number;
  /** What each is about, so that none is reported again while it stands. */
  readonly about: readonly string[];
  /** The newest copies from before, by place. */
  readonly lastClean: Readonly<Partial<Record<'hq' | 'local', string>>>;
}

/** A person's acknowledgement. */
export interface Acknowledgement {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Who: a name or number that the practice knows. */
  readonly user: string;
  /** What it was about. */
  readonly findings: readonly string[];
}

/** Rows that will be deleted, as somebody announced. */
export interface AnnouncedPurge {
  /** `*` for any. */
  readonly tables: readonly string[];
  /** The last night on which it may be found. */
  readonly until: string;
  readonly user: string;
  readonly at: string;
}

export const mostFindings = 40;
export const mostAcknowledgements = 50;
export const mostAnnouncements = 20;

const told = textUpTo(2000);
const findings = listOf(told, mostFindings);

export const isStandingLoss: Shape<StandingLoss> = objectOf<StandingLoss>({
  night: told,
  findings,
  told: optional(count),
  about: findings,
  lastClean: someOf(['hq', 'local'], told),
});

export const isAcknowledgement: Shape<Acknowledgement> = objectOf<Acknowledgement>({
  at: told,
  user: told,
  findings,
});

export const isAnnouncedPurge: Shape<AnnouncedPurge> = objectOf<AnnouncedPurge>({
  tables: listOf(told, 1000),
  until: told,
  user: told,
  at: told,
});
