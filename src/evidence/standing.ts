import { describeFinding } from '../admin/opening.js';
import type { AdminOpening } from '../admin/record-opening.js';
import { type ArchiveAccess, type CanOpenMap, whoCanOpen } from '../admin/who-can-open.js';
import type { ListedBackup } from '../history/list-backups.js';
import { allTables, type NightFacts } from '../history/loss/facts.js';
import type { BackupReport } from '../nightly/run/backup-report.js';
import { plural } from '../quantities.js';
import {
  type EvidenceFacts,
  longWithoutOpening,
  longWithoutReading,
  longWithoutRehearsal,
  placeName,
  proposedRule,
} from './facts.js';
import { newestByReports, nightsAt, placesOf } from './nights.js';
import type { Area } from './treemap.js';

const hour = 3_600_000;
const day = 24 * hour;

/** How old the newest copy at a place is. */
export interface PlaceAge {
  readonly place: string;
  /** Of the newest copy; null when there is none. */
  readonly newestAt: string | null;
  /** In milliseconds; null when there is none. */
  readonly age: number | null;
  /** Where it is from: a listing of the store, or the reports of the nights. */
  readonly by: 'listing' | 'reports';
}

/** The ages of the newest copies, the places of the product first. */
export function agesOf({ asOf, reports, stores = [] }: EvidenceFacts): readonly PlaceAge[] {
  const places = [...new Set([...placesOf(reports), ...stores.map(({ place }) => place)])];
  return places.map((place) => {
    const store = stores.find((each) => each.place === place);
    const newestAt =
      store === undefined ? newestByReports(place as 'hq' | 'local', reports) : newestOf(store.backups);
    const age = newestAt === null ? null : asOf.getTime() - Date.parse(newestAt);
    return { place, newestAt, age, by: store === undefined ? 'reports' : 'listing' };
  });
}

/**
 * The copies that count: not those that their note contradicts, nor, where the office signs notes, unsigned
 * ones that claim to be newer than the newest signed one.
 */
export function believable(backups: readonly ListedBackup[]): readonly ListedBackup[] {
  const sound = backups.filter(({ label, origin }) => label !== null && origin?.kind !== 'foreign');
  const isSigned = ({ origin }: ListedBackup): boolean => origin?.kind === 'signed';
  const newest = latest(sound.filter(isSigned));
  return newest === null ? sound : sound.filter((each) => isSigned(each) || each.label!.createdAt <= newest);
}

function newestOf(backups: readonly ListedBackup[]): string | null {
  return latest(believable(backups));
}

function latest(backups: readonly ListedBackup[]): string | null {
  return backups
    .map(({ label }) => label!.createdAt)
    .filter((at) => !Number.isNaN(Date.parse(at)))
    .reduce<string | null>((newest, at) => (newest === null || at > newest ? at : newest), null);
}

/** Who can open the copies that lie in the stores; null where none was listed. */
export function accessOf({ stores = [] }: EvidenceFacts): CanOpenMap | null {
  const labels = stores.flatMap(({ backups }) => believable(backups).map(({ label }) => label!));
  const once = new Map(labels.map((label) => [label.archiveId, label]));
  return once.size === 0 ? null : whoCanOpen([...once.values()]);
}

/** Key holders, each with the copies that their password opens. */
export interface Opener {
  readonly who: string;
  readonly how: ArchiveAccess['keySource'];
  readonly keys: readonly string[];
  readonly copies: number;
  readonly from: string;
  readonly to: string;
}

/** The same by key holder and kind of key, those of the newest copies first. */
export function openersOf({ archives }: CanOpenMap): readonly Opener[] {
  const found = new Map<string, ArchiveAccess[]>();
  for (const access of archives) {
    const { keyHolder, keySource } = access;
    const id = JSON.stringify([keyHolder?.userNum, keyHolder?.userName, keySource]);
    found.set(id, [...(found.get(id) ?? []), access]);
  }
  return [...found.values()]
    .map((some) => {
      const days = some.map(({ createdAt }) => createdAt).sort();
      const [{ keyHolder, keySource }] = some as [ArchiveAccess];
      return {
        who:
          keyHolder === null
            ? 'whoever holds a key file'
            : `${keyHolder.userName} (user ${keyHolder.userNum})`,
        how: keySource,
        keys: [
          ...new Set(some.flatMap(({ recipients }) => recipients.map(({ fingerprint }) => fingerprint))),
        ],
        copies: some.length,
        from: days[0]!,
        to: days.at(-1)!,
      };
    })
    .sort((a, b) => (a.to < b.to ? 1 : -1));
}

/** The recovery kits that open the newest copies, by their labels or, without them, by the newest report. */
export function kitsOf(facts: EvidenceFacts): readonly { readonly id: string; readonly createdAt: string }[] {
  const newest = accessOf(facts)?.archives.reduce((one, other) =>
    other.createdAt > one.createdAt ? other : one,
  );
  return newest?.recoveryKits ?? newestReading(facts.reports)?.recoveryKits ?? [];
}

/** The newest report of a night that read the database. */
export function newestReading(reports: readonly BackupReport[]): BackupReport | null {
  return newestFirst(reports).find(({ database }) => database !== undefined) ?? null;
}

/** Reports by the night and the moment, newest first. */
export function newestFirst(reports: readonly BackupReport[]): readonly BackupReport[] {
  return [...reports].sort((a, b) => (`${a.night} ${a.finishedAt}` < `${b.night} ${b.finishedAt}` ? 1 : -1));
}

/**
 * Who opened the copies last, by the records of the administrators or, without them, by the newest report.
 */
export function lastOpening({
  openings,
  reports,
}: EvidenceFacts): Pick<AdminOpening, 'lastOpenedAt' | 'places' | 'userName'> | null {
  if (openings !== undefined) return openings.find(({ lastOpenedAt }) => lastOpenedAt !== null) ?? null;
  return newestFirst(reports).find(({ opening }) => opening !== undefined)?.opening ?? null;
}

/** Tables by size, with what the copy at a place leaves out. */
export function areasOf(
  nights: readonly NightFacts[],
  leftOut: ReadonlyMap<string, string>,
): { readonly areas: readonly Area[]; readonly night: string; readonly scope: NightFacts['scope'] } | null {
  const newest = (scope: NightFacts['scope']): NightFacts | undefined =>
    nights.filter((each) => each.scope === scope).sort((a, b) => (a.night < b.night ? 1 : -1))[0];
  const facts = newest('full') ?? newest('critical');
  if (facts === undefined) return null;
  const areas = Object.entries(facts.tables)
    .filter(([name]) => name !== allTables)
    .map(([name, { plainBytes }]) => {
      const reason = leftOut.get(name);
      return { name, bytes: plainBytes, ...(reason === undefined ? {} : { leftOut: reason }) };
    });
  return { areas, night: facts.night, scope: facts.scope };
}

/** Something that a person has to check. */
export interface Concern {
  readonly state: 'bad' | 'watch';
  readonly sentence: string;
}

/** All known problems, the worst first. */
export function concernsOf(facts: EvidenceFacts): readonly Concern[] {
  const { asOf, reports, stores = [], rehearsal } = facts;
  const bad: string[] = [];
  const watch: string[] = [];
  const ages = agesOf(facts);
  if (ages.length === 0) bad.push('No copy is known.');
  for (const { place, age } of ages) {
    if (age === null) bad.push(`${placeName(place)}: there is no verified copy.`);
    else if (age > proposedRule.copyAge * hour) {
      bad.push(`${placeName(place)}: the newest copy is ${Math.floor(age / hour)} hours old.`);
    } else if (age < -hour)
      watch.push(`${placeName(place)}: the newest copy is dated in the future; check the clocks.`);
  }
  for (const place of placesOf(reports)) {
    const failed = nightsAt(place, reports)
      .slice(-14)
      .filter(({ state }) => state === 'failed' || state === 'missing');
    if (failed.length > 0) {
      watch.push(`${placeName(place)}: ${failed.length} of the last 14 nights made no copy.`);
    }
  }
  for (const { place, backups } of stores) {
    const unreadable = backups.filter(({ label }) => label === null).length;
    const foreign = backups.length - unreadable - believable(backups).length;
    if (foreign > 0)
      bad.push(`${placeName(place)}: the office did not sign ${plural(foreign, 'archive')} as stored there.`);
    if (unreadable > 0)
      watch.push(`${placeName(place)}: the labels of ${plural(unreadable, 'file')} cannot be read.`);
  }
  for (const place of facts.unlisted ?? [])
    watch.push(`${placeName(place)}: the store could not be listed today.`);
  const [newest] = newestFirst(reports);
  bad.push(...(newest?.looksLikeLoss ?? []));
  bad.push(...(newest?.openingFindings ?? []));
  for (const { userName, findings } of facts.openings ?? []) {
    bad.push(...findings.map((finding) => describeFinding(finding, userName)));
  }
  for (const { destination, troubles = [], unproven = [], readSince } of newest?.destinations ?? []) {
    bad.push(...troubles.map((sentence) => `${placeName(destination)}: ${sentence}`));
    if (unproven.length > 0) {
      watch.push(
        `${placeName(destination)}: ${plural(unproven.length, 'copy', 'copies')} could not be read back.`,
      );
    }
    const since = readSince === undefined ? Number.NaN : Date.parse(readSince);
    if (asOf.getTime() - since > longWithoutReading * day) {
      watch.push(
        `${placeName(destination)}: not every copy was read back in the last ${longWithoutReading} days.`,
      );
    }
  }
  if (newest?.keyHolder?.unlock === 'stored-hash') {
    watch.push(
      'Copies are sealed with a password hash of the database: whoever can read its table of users can open them.',
    );
  }
  if (rehearsal === undefined) watch.push('No rehearsal of a restore is known.');
  else if (!rehearsal.equal) bad.push('The last rehearsal of a restore found differences.');
  else if (asOf.getTime() - Date.parse(rehearsal.rehearsedAt) > longWithoutRehearsal * day) {
    watch.push(`The last rehearsal of a restore is more than ${longWithoutRehearsal} days ago.`);
  }
  const opening = lastOpening(facts);
  if (opening?.lastOpenedAt == null) watch.push('There is no record of a person opening a copy.');
  else if (asOf.getTime() - Date.parse(opening.lastOpenedAt) > longWithoutOpening * day) {
    watch.push(`No person has opened a copy for more than ${longWithoutOpening} days.`);
  }
  watch.push(...(accessOf(facts)?.warnings.map(({ message }) => message) ?? []));
  return [
    ...bad.map((sentence): Concern => ({ state: 'bad', sentence })),
    ...watch.map((sentence): Concern => ({ state: 'watch', sentence })),
  ];
}
