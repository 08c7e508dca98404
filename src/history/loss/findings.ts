import { assertArgument } from '../../arguments.js';

/** One sign that something may have been lost. Names tables and counts, never a value. */
export type LossFinding =
  /** A core table has far fewer rows. */
  | { readonly kind: 'rows-lost'; readonly table: string; readonly before: number; readonly after: number }
  /** Many other tables lost most of their rows in one night. */
  | { readonly kind: 'many-tables-shrank'; readonly tables: number; readonly of: number }
  | { readonly kind: 'table-vanished'; readonly table: string; readonly rows: number }
  | { readonly kind: 'table-renamed'; readonly table: string; readonly to: string }
  /** The rows are there but no longer compress: share of the size after compression, before and now. */
  | {
      readonly kind: 'encrypted-in-place';
      readonly table: string;
      readonly before: number;
      readonly after: number;
    }
  /** Many tables have other columns, although the practice's software is the same. */
  | { readonly kind: 'definitions-changed'; readonly tables: number; readonly of: number }
  | {
      readonly kind: 'audit-log-shrank';
      readonly table: string;
      readonly before: number;
      readonly after: number;
    }
  /** Nothing at all has changed for so many nights. */
  | { readonly kind: 'nothing-changed'; readonly nights: number }
  /** The server that is read is a replica that has stopped. */
  | { readonly kind: 'replica-stopped' }
  /** The database lacks what this service wrote into it: it is an older state, or another database. */
  | { readonly kind: 'went-back'; readonly written: string; readonly found: string | null };

/**
 * A finding in a sentence, for people who know the practice.
 * @example
 * ```ts
 * console.log(describeLoss({ kind: 'rows-lost', table: 'patient', before: 500, after: 5 }));
 * ```
 */
export function describeLoss(finding: LossFinding): string {
  assertArgument('finding', finding, 'object', { kind: 'text' });
  switch (finding.kind) {
    case 'rows-lost':
      return `The table ${finding.table} had ${finding.before} rows and has ${finding.after}.`;
    case 'many-tables-shrank':
      return `${finding.tables} of ${finding.of} other tables lost most of their rows in one night.`;
    case 'table-vanished':
      return `The table ${finding.table} with ${finding.rows} rows is missing.`;
    case 'table-renamed':
      return `The table ${finding.table} is missing; ${finding.to} looks like it.`;
    case 'encrypted-in-place':
      return `The content of ${finding.table} no longer compresses (${percent(finding.before)} of its size before, ${percent(finding.after)} now), as if somebody had encrypted it.`;
    case 'definitions-changed':
      return `${finding.tables} of ${finding.of} tables have other columns, although the software was not upgraded.`;
    case 'audit-log-shrank':
      return `The audit log ${finding.table} had ${finding.before} rows and has ${finding.after}.`;
    case 'nothing-changed':
      return `Nothing at all has changed in the database for ${finding.nights === 1 ? 'a day' : `${finding.nights} nights`}, although the office works on such days.`;
    case 'replica-stopped':
      return 'The server that is read is a replica of another one and has stopped, so it lacks newer data.';
    case 'went-back':
      return `The database lacks the date of the copy of ${finding.written}${finding.found === null ? '' : ` (it has ${finding.found})`}: it may be an older state, or another database.`;
  }
}

/**
 * A sentence that the database is unchanged. Not a finding: offices close, and a person who knows when may
 * see what this software cannot.
 *
 * @param since - the night of the earlier copy
 */
export function describeUnchanged(since: string): string {
  return `Nothing in the practice changed since the copy of ${since}. If the office worked that day, this is not the database that it works with.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
