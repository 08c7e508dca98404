import type { KeptHeads } from '../../history/kept-heads.js';
import { allTables, type NightFacts, type ReplicaState } from '../../history/loss/facts.js';
import { describeLoss, describeUnchanged, type LossFinding } from '../../history/loss/findings.js';
import { isBefore, judgeNight, type Tonight } from '../../history/loss/judge-night.js';
import { unchangedSince } from '../../history/loss/stillness.js';
import type { ArchiveScope, TableSummary } from '../../model/parts.js';
import { nightAfter } from '../nights.js';
import { codeOf } from '../run/failure.js';
import type { NightContext } from '../run/night-context.js';
import type { NightJournal } from '../run/night-journal.js';
import { madeLast } from '../run/remembered-copies.js';
import { keepFacts, readFacts } from './facts-file.js';
import { mostFindings, type StandingLoss } from './loss-state.js';
import { withOtherScope } from './other-scope.js';
import { isBrokenAnywhere } from './sequence.js';

/** What was stored must be in the database that is read after so many milliseconds. */
const leastAge = 3_600_000;

/** The result of tonight's reading, before anything is removed. */
export interface ReadTonight {
  readonly scope: ArchiveScope;
  readonly tables: readonly Pick<TableSummary, 'name' | 'plainBytes' | 'rows' | 'storedBytes'>[];
  /** Fingerprints of the tables' columns, by name. */
  readonly definitions: ReadonlyMap<string, string>;
  /** Of the practice's software. */
  readonly version: string | undefined;
  /** See {@link NightFacts.content} and {@link NightFacts.replica}. */
  readonly content: string | undefined;
  readonly criticalContent: string | undefined;
  readonly replica: ReplicaState | undefined;
  /** The newest notes in the database that was read. */
  readonly heads: readonly KeptHeads[] | undefined;
  /** The date of the newest local copy in the database. */
  readonly dateFound: Date | null | undefined;
}

/**
 * Compares tonight's reading with the past. A sign of loss never stops a copy: it is recorded, and from then
 * on nothing is removed until it is acknowledged. Never rejects: a failure to judge is reported.
 *
 * @returns the night since whose copy nothing has changed; null where something has, or nobody knows
 */
export async function watchLoss(context: NightContext, tonight: ReadTonight): Promise<string | null> {
  const { plan, spool, journal, night, logger, warn } = context;
  if (plan.loss === 'off') return null;
  try {
    const past = await readFacts(spool.folder);
    const announced = (journal.state.announced ?? [])
      .filter(({ until }) => until >= night)
      .flatMap(({ tables }) => tables);
    const earlier = acknowledgedTonight(past, night);
    const seen = withOtherScope(asNightBefore(past, earlier), { night, scope: tonight.scope });
    const purged = earlier === undefined ? announced : [allTables];
    const facts = factsOf(night, tonight, purged, seen.purged);
    const headsFound = await headsFoundIn(context, tonight);
    const dates = datesOf(context, tonight, headsFound);
    const ownDate = furthestBack(dates, headsOf(context, headsFound));
    const findings = judgeNight(
      seen.past,
      {
        facts,
        announced,
        ...(ownDate === undefined ? {} : { ownDate }),
      },
      plan.loss,
    );
    await keepFacts(spool.folder, night, [facts, ...past.filter((each) => each.night !== night)], plan.loss);
    if (findings.length > 0) await noteLoss(journal, night, findings);
    for (const each of findings) warn({ code: 'looks-like-loss', message: describeLoss(each) });
    const since = unchangedSince(past, facts);
    if (since !== null) logger.info(describeUnchanged(since), { since });
    return since;
  } catch (error) {
    const message = `Tonight’s counts could not be compared with those of earlier nights (${codeOf(error)}). The copy is not affected.`;
    warn({ code: 'loss-not-judged', message });
    return null;
  }
}

/**
 * Compares what a run is about to replace in the database with what it held before: if that is older now, the
 * database was turned back since it was read, and the next night could not see it any more.
 */
export async function watchReplaced(
  { plan, journal, night, warn }: NightContext,
  { written, found }: OwnDate,
): Promise<void> {
  if (plan.loss === 'off' || !isBefore(found, written)) return;
  const finding = { kind: 'went-back', written, found } as const;
  if (journal.state.loss?.about.includes(subjectOf(finding)) === true) return;
  await noteLoss(journal, night, [finding]);
  warn({ code: 'looks-like-loss', message: describeLoss(finding) });
}

/** An earlier run of tonight whose findings a person has acknowledged since: the past of this run. */
function acknowledgedTonight(past: readonly NightFacts[], night: string): NightFacts | undefined {
  return past.find((each) => each.night === night && each.purged?.includes(allTables) === true);
}

/** The same nights, with that run as if it had been on the night before. */
function asNightBefore(past: readonly NightFacts[], own: NightFacts | undefined): readonly NightFacts[] {
  if (own === undefined) return past;
  const night = nightAfter(own.night, -1);
  const others = past.filter((each) => each !== own && (each.night !== night || each.scope !== own.scope));
  return [...others, { ...own, night }];
}

/** Whether anything may be removed anywhere. */
export function isFrozen({ state }: Pick<NightJournal, 'state'>): boolean {
  const { loss, sequences } = state;
  return loss !== undefined || isBrokenAnywhere(sequences);
}

function factsOf(
  night: string,
  { scope, tables, definitions, version, content, criticalContent, replica }: ReadTonight,
  announced: readonly string[],
  purgedElsewhere: readonly string[],
): NightFacts {
  const entries = tables.map(({ name, rows, plainBytes, storedBytes }) => {
    const definition = definitions.get(name);
    return [
      name,
      { rows, plainBytes, storedBytes, ...(definition === undefined ? {} : { definition }) },
    ] as const;
  });
  const purged = announced.includes(allTables) ? [allTables] : announced;
  return {
    night,
    scope,
    tables: Object.fromEntries(entries),
    ...(version === undefined ? {} : { version }),
    ...(content === undefined ? {} : { content }),
    ...(criticalContent === undefined ? {} : { criticalContent }),
    ...(replica === undefined ? {} : { replica }),
    ...(purged.length === 0 ? {} : { purged }),
    ...(purgedElsewhere.length === 0 ? {} : { purgedElsewhere }),
  };
}

type OwnDate = NonNullable<Tonight['ownDate']>;

/**
 * Whether a database that has these notes was not turned back to before a date that was written: this service
 * kept them later. An earlier date in it is of another computer, whose clock was behind.
 */
export function areKeptAfter(
  written: string,
  headsKept: NightJournal['state']['headsKept'],
  found: string | null | undefined,
): boolean {
  return headsKept !== undefined && found === headsKept.at && found >= written;
}

/** The date of the newest local copy, as it was written and as the settings have it. */
function datesOf(
  { journal, night }: NightContext,
  { dateFound }: ReadTonight,
  headsFound: string | null | undefined,
): OwnDate | undefined {
  const { datedAhead, dateOwed, verified, dateLacking, headsKept } = journal.state;
  const written = madeLast(verified.local.filter((copy) => copy.night < night))?.verifiedAt;
  const found = dateFound?.toISOString();
  if (dateOwed !== undefined || written === undefined || found === undefined) return undefined;
  // Another computer of the practice, whose clock was right, may have written an earlier one since.
  if (written === datedAhead || areKeptAfter(written, headsKept, headsFound)) return undefined;
  // Whoever acknowledged that it is lacking knows of the date that is there instead, and of none before that.
  const isKnown = dateLacking?.isAcknowledged === true && dateLacking.written === written;
  const expected = isKnown ? (dateLacking.found ?? found) : written;
  const isLacking = isBefore(found, expected);
  if (isKnown && dateLacking.found === undefined)
    journal.note(() => ({ dateLacking: { ...dateLacking, found } }));
  if (isLacking || !isBefore(found, written)) {
    journal.note(() => ({ dateLacking: isLacking ? { written, found } : undefined }));
  }
  return { written: expected, found };
}

function furthestBack(a: OwnDate | undefined, b: OwnDate | undefined): OwnDate | undefined {
  const lag = ({ written, found }: OwnDate): number =>
    Date.parse(written) - Date.parse(found ?? '1970-01-01');
  return a === undefined || (b !== undefined && lag(b) > lag(a)) ? b : a;
}

/**
 * When the newest notes of this service were kept, as the database that was read has it; null where it has
 * none, undefined where that is not known.
 */
async function headsFoundIn(
  { notary }: NightContext,
  { heads }: ReadTonight,
): Promise<string | null | undefined> {
  const own = (await notary())?.trustedKeys[0];
  if (heads === undefined || own === undefined) return undefined;
  return heads.find(({ signedWith }) => signedWith === own)?.at ?? null;
}

/** The newest notes, as they were stored in the database and as the database that was read has them. */
function headsOf({ journal, now }: NightContext, found: string | null | undefined): OwnDate | undefined {
  const { headsKept } = journal.state;
  if (headsKept === undefined || found === undefined) return undefined;
  if (found === headsKept.at) journal.note(() => ({ headsKept: { ...headsKept, isSeen: true } }));
  // Settings may be in another database, and a good replica may be some minutes behind.
  const isDue = now().getTime() - Date.parse(headsKept.at) > leastAge;
  return headsKept.isSeen === true && isDue ? { written: headsKept.at, found } : undefined;
}

async function noteLoss(
  journal: NightJournal,
  night: string,
  findings: readonly LossFinding[],
): Promise<void> {
  await journal.update(({ loss, verified }) => {
    const clean = (['hq', 'local'] as const).flatMap((destination) => {
      const copy = verified[destination].find((each) => each.night < night && each.state === undefined);
      return copy === undefined ? [] : [[destination, copy.key] as const];
    });
    const before: StandingLoss = loss ?? {
      night,
      findings: [],
      about: [],
      lastClean: Object.fromEntries(clean),
    };
    const fresh = findings.filter((each) => !before.about.includes(subjectOf(each)));
    return {
      loss: {
        ...before,
        findings: [...before.findings, ...fresh.map(describeLoss)].slice(0, mostFindings),
        about: [...before.about, ...fresh.map(subjectOf)].slice(0, mostFindings),
      },
    };
  });
}

function subjectOf(finding: LossFinding): string {
  return 'table' in finding ? `${finding.kind} ${finding.table}` : finding.kind;
}
