import type { TextRow } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';

/** `SHOW CREATE TABLE` of every base table, by name; null when the server cannot give it. */
export type Definitions = ReadonlyMap<string, string | null>;

/** The query for a definition. */
export function definitionQuestion(table: string): string {
  return `SHOW CREATE TABLE ${quoteName(table)}`;
}

/** The definition in the result. */
export function definitionIn(rows: readonly TextRow[]): string {
  return rows[0]?.['Create Table'] ?? '';
}

/**
 * Whether two definitions are of the same table. The next AUTO_INCREMENT value is ignored, since it is
 * content.
 */
export function sameDefinition(a: string | null | undefined, b: string | null | undefined): boolean {
  return typeof a === 'string' && typeof b === 'string' && withoutCounter(a) === withoutCounter(b);
}

function withoutCounter(definition: string): string {
  return definition.replace(/ AUTO_INCREMENT=\d+/, '');
}
