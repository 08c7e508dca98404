import { allTables, type NightFacts, type ReplicaState } from '../../history/loss/facts.js';
import { describeLoss, type LossFinding } from '../../history/loss/findings.js';
import { judgeNight } from '../../history/loss/judge-night.js';
import type { ArchiveScope, TableSummary } from '../../model/parts.js';
import { codeOf } from '../run/failure.js';
import type { NightContext } from '../run/night-context.js';
import type { NightJournal } from '../run/night-journal.js';
import { keepFacts, readFacts } from './facts-file.js';
import { mostFindings, type StandingLoss } from './loss-state.js';

/** What tonight's reading came to, before anything is removed. */
export interface ReadTonight {
  readonly scope: ArchiveScope;
  readonly tables: readonly Pick<TableSummary, 'name' | 'plainBytes' | 'rows' | 'storedBytes'>[];
  /** Fingerprints of the tables' columns, by name. */
  readonly definitions: ReadonlyMap<string, string>;
  /** Of the practice's software. */
  readonly version: string | undefined;
  /** See {@link NightFacts.content} and {@link NightFacts.replica}. */
  readonly content: string | undefined;
  readonly replica: ReplicaState | undefined;
  /** The date of the newest local copy, as the database knows it. */
  readonly dateFound: Date | null | undefined;
}

/**
 * Judges tonight's reading by the past. A sign of loss never stops a copy: it is noted, and from then on
 * nothing is removed until a person has looked. Never rejects: what cannot be judged is told.
 */
export async function watchLoss(
  { plan, spool, journal, night, warn }: NightContext,
  tonight: ReadTonight,
): Promise<void> {
  if (plan.loss === 'off') return;
  try {
    const past = await readFacts(spool.folder);
    const announced = (journal.state.announced ?? [])
      .filter(({ until }) => until >= night)
      .flatMap(({ tables }) => tables);
    const facts = factsOf(night, tonight, announced);
    const written = newestDate(journal, night);
    const found = tonight.dateFound?.toISOString();
    const findings = judgeNight(
      past,
      {
        facts,
        announced,
        ...(written === undefined || found === undefined ? {} : { ownDate: { written, found } }),
      },
      plan.loss,
    );
    await keepFacts(spool.folder, [facts, ...past.filter((each) => each.night !== night)]);
    if (findings.length > 0) await noteLoss(journal, night, findings);
    for (const each of findings) warn({ code: 'looks-like-loss', message: describeLoss(each) });
  } catch (error) {
    const message = `Tonight’s counts could not be held against those of earlier nights (${codeOf(error)}). The copy is not touched by that.`;
    warn({ code: 'loss-not-judged', message });
  }
}

/** Whether anything may be removed anywhere. */
export function isFrozen({ state }: Pick<NightJournal, 'state'>): boolean {
  const { loss, sequences } = state;
  return loss !== undefined || sequences?.hq?.isBroken === true || sequences?.local?.isBroken === true;
}

function factsOf(
  night: string,
  { scope, tables, definitions, version, content, replica }: ReadTonight,
  announced: readonly string[],
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
    ...(replica === undefined ? {} : { replica }),
    ...(purged.length === 0 ? {} : { purged }),
  };
}

/** What this service last wrote into the database itself; nothing where it could not, or did not yet. */
function newestDate({ state }: NightJournal, night: string): string | undefined {
  if (state.dateOwed !== undefined) return undefined;
  return state.verified.local.find((copy) => copy.night < night)?.verifiedAt;
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
