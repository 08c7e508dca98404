/** What the journal keeps of signs of loss, and of what people said of them. */
import { listOf, objectOf, type Shape, someOf, textUpTo } from '../../shapes.js';

/** Signs that somebody has to look at; as long as they stand, no copy is removed anywhere. */
export interface StandingLoss {
  /** Of the first sign. */
  readonly night: string;
  /** In sentences. */
  readonly findings: readonly string[];
  /** What each is about, so that none is told again while it stands. */
  readonly about: readonly string[];
  /** The newest copies from before, by place. */
  readonly lastClean: Readonly<Partial<Record<'hq' | 'local', string>>>;
}

/** That a person has looked. */
export interface Acknowledgement {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Who: a name or number that the practice knows. */
  readonly user: string;
  /** What it was about. */
  readonly findings: readonly string[];
}

/** Rows that will go, as somebody said beforehand. */
export interface AnnouncedPurge {
  /** `*` for any. */
  readonly tables: readonly string[];
  /** The last night that it may show on. */
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
