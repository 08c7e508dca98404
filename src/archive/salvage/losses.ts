import { plural } from '../../quantities.js';
import type { UnprovenFiles } from './find-files.js';
import type { ArchiveSurvey, SurveyedTable } from './survey.js';

/** Most tables that a sentence names; lists name all. */
const mostNamed = 3;

/** The losses of an archive, the worst first. */
export interface Losses {
  /** The loss in one sentence: `The file ends early; 320 tables are absent, patient among them.` */
  readonly headline: string;
  /** All losses, in sentences; the headline is the first. */
  readonly sentences: readonly string[];
}

/** @returns null when nothing is lost */
export function lossesOf(survey: ArchiveSurvey): Losses | null {
  if (survey.whole) return null;
  const headline = headlineOf(survey);
  const sentences = [headline];
  if (survey.isLabelDamaged) sentences.push(labelDamagedSentence);
  if (survey.manifest === null && survey.promised === null) {
    sentences.push('The manifest is lost, so the tables and rows behind the damage are unknown.');
  } else if (survey.manifest === null) {
    sentences.push('The manifest is lost, so the number of rows is unknown.');
  }
  if (survey.database === null)
    sentences.push('The description of the database is lost: default settings are assumed.');
  if (survey.objects === null) sentences.push('Views, triggers, routines, events and sequences are lost.');
  if (survey.unproven.count > 0) sentences.push(sentenceOf(survey.unproven));
  for (const table of survey.tables) sentences.push(...lossesOfTable(table));
  const { perhaps } = countTables(survey.tables);
  if (perhaps.length > 0) {
    sentences.push(
      `Of ${plural(perhaps.length, 'more table')} all rows that were found are restored; whether there were more is unknown.`,
    );
  }
  return { headline, sentences };
}

/** What a damaged label means when everything else is authenticated. */
export const labelDamagedSentence: string =
  'The label of the archive, or another line of its header, is damaged. Its label cannot show its owner, ' +
  'and notes beside the archive do not match it. Its contents are authenticated by the key.';

/** The names of files that cannot be proven to belong to the archive. */
export function sentenceOf({ count, names, fate }: UnprovenFiles): string {
  const named = names.slice(0, mostNamed).join(', ');
  const more = count > Math.min(names.length, mostNamed) ? ' and others' : '';
  const verb = count === 1 ? 'is' : 'are';
  const did = `${count === 1 ? 'was' : 'were'} ${fate === 'restored' ? 'taken' : 'left out'}`;
  const files = plural(count, 'file');
  return `${files} behind the damage ${verb} not proven to be of this archive and ${did}: ${named}${more}.`;
}

/** Tables by their condition. */
export function countTables(tables: readonly SurveyedTable[]): {
  readonly damaged: readonly SurveyedTable[];
  /** No row is known to be lost, but the total is unknown. */
  readonly perhaps: readonly SurveyedTable[];
  readonly whole: readonly SurveyedTable[];
} {
  const present = tables.filter(({ description }) => description !== null);
  const cut = present.filter(({ whole }) => !whole);
  return {
    damaged: cut.filter((table) => !mayBeWhole(table)),
    perhaps: cut.filter(mayBeWhole),
    whole: present.filter(({ whole }) => whole),
  };
}

function mayBeWhole({ lost }: SurveyedTable): boolean {
  return lost.every(({ lastPart }) => lastPart === null);
}

function headlineOf(survey: ArchiveSurvey): string {
  const { absent, unlistedTables, tables } = survey;
  const { damaged, perhaps, whole } = countTables(tables);
  const facts: string[] = [];
  const missing = absent.length + unlistedTables;
  if (missing > 0) {
    const verb = missing === 1 ? 'is' : 'are';
    facts.push(`${plural(missing, 'table')} ${verb} absent${amongThem(absent, missing)}`);
  }
  if (damaged.length > 0)
    facts.push(`${plural(damaged.length, 'table')} ${damaged.length === 1 ? 'has' : 'have'} lost rows`);
  if (perhaps.length > 0) facts.push(`${plural(perhaps.length, 'table')} may have lost rows`);
  if (facts.length === 0 && survey.manifest === null) facts.push('its original contents are unknown');
  if (facts.length === 0) facts.push('no row is lost');
  if (whole.length > 0)
    facts.push(`${plural(whole.length, 'table')} ${whole.length === 1 ? 'is' : 'are'} whole`);
  return `${survey.endsEarly ? 'The file ends early' : 'The archive is damaged'}; ${facts.join('; ')}.`;
}

function amongThem(
  absent: readonly { readonly name: string; readonly tier: string }[],
  missing: number,
): string {
  const critical = absent.filter(({ tier }) => tier === 'critical');
  const named = (critical.length > 0 ? critical : absent).slice(0, mostNamed).map(({ name }) => name);
  if (named.length === 0) return '';
  const list = named.length === 1 ? named[0]! : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`;
  return named.length === missing ? `: ${list}` : `, ${list} among them`;
}

function lossesOfTable(table: SurveyedTable): readonly string[] {
  const { name, description, whole, lost, expectedRows } = table;
  if (whole) return [];
  if (description === null) {
    // A table of which nothing is known is among the absent ones.
    if (expectedRows === null) return [];
    return [`Table "${name}": its definition is lost, and with it its ${expectedRows} rows.`];
  }
  if (mayBeWhole(table)) return [];
  return lost.map(({ fromRow, toRow, firstPart, lastPart }) => {
    if (fromRow !== null && toRow !== null) return `Table "${name}": rows ${fromRow} to ${toRow} are lost.`;
    if (lastPart === null)
      return `Table "${name}": whether there were rows after part ${firstPart - 1} is unknown.`;
    return `Table "${name}": the rows of parts ${firstPart} to ${lastPart} are lost.`;
  });
}
