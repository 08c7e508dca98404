/** What the journal keeps of signs of loss, and of what people said of them. */
import { isList, isObject, isTextUpTo } from '../json-shapes.js';

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
const longestText = 2000;

export function isStandingLoss(value: unknown): value is StandingLoss {
  return (
    isObject(value) &&
    isText(value['night']) &&
    isTexts(value['findings'], mostFindings) &&
    isTexts(value['about'], mostFindings) &&
    isObject(value['lastClean']) &&
    Object.entries(value['lastClean']).every(([name, key]) => /^(hq|local)$/.test(name) && isText(key))
  );
}

export function isAcknowledgement(value: unknown): value is Acknowledgement {
  return (
    isObject(value) &&
    isText(value['at']) &&
    isText(value['user']) &&
    isTexts(value['findings'], mostFindings)
  );
}

export function isAnnouncedPurge(value: unknown): value is AnnouncedPurge {
  return (
    isObject(value) &&
    isTexts(value['tables'], 1000) &&
    isText(value['until']) &&
    isText(value['user']) &&
    isText(value['at'])
  );
}

function isText(value: unknown): boolean {
  return isTextUpTo(value, longestText);
}

function isTexts(value: unknown, most: number): boolean {
  return isList(value, most, isText);
}
