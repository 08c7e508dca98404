import { quoteName } from '../../database/identifiers.js';
import type { TableDescription } from '../../model/parts.js';
import { tokenise } from '../ddl/tokens.js';
import { dataTypeOf, type LoadedColumn } from './cells.js';
import { textOnly } from './insert-writer.js';
import { tsvClause } from './tsv-writer.js';

/** LOAD DATA LOCAL for the lines that a `TsvWriter` writes for a table's kept columns. */
export function loadStatement(table: TableDescription, columns: readonly LoadedColumn[]): string {
  const expressions = columns.map((column, i) => conversionOf(column, `@v${i}`));
  const converts = expressions.some((expression) => expression !== undefined);
  // If anything is assigned, 0 stays 0 only if the AUTO_INCREMENT column is assigned as well (V11).
  const counted = converts ? countedColumn(table.createStatement) : undefined;
  const targets: string[] = [];
  const assignments: string[] = [];
  for (const [i, { name }] of columns.entries()) {
    const expression = expressions[i] ?? (quoteName(name) === counted ? `@v${i}` : undefined);
    targets.push(expression === undefined ? quoteName(name) : `@v${i}`);
    if (expression !== undefined) assignments.push(`${quoteName(name)} = ${expression}`);
  }
  // An empty list would mean all columns. Whatever a row without values has on its line is ignored.
  if (targets.length === 0) targets.push('@nothing');
  const set = assignments.length === 0 ? '' : ` SET ${assignments.join(', ')}`;
  // The server sends the file name back, which is ignored here.
  return `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${quoteName(table.name)} ${tsvClause} (${targets.join(', ')})${set}`;
}

/** For types that do not read their text as the value. */
function conversionOf(column: LoadedColumn, variable: string): string | undefined {
  const dataType = dataTypeOf(column);
  // Digits as text may be the name of a member; a number is always its number (V13).
  if (dataType === 'enum' || dataType === 'set') return `CAST(${variable} AS UNSIGNED)`;
  const characterSet = textOnly(column);
  return characterSet === undefined ? undefined : `CONVERT(${variable} USING ${characterSet})`;
}

/** The AUTO_INCREMENT column of a definition, in backticks. */
function countedColumn(createStatement: string): string | undefined {
  let depth = 0;
  let item: string | undefined;
  let begins = false;
  for (const { kind, text } of tokenise(createStatement)) {
    if (kind === 'symbol') {
      if (text === '(') begins = ++depth === 1;
      else if (text === ')') depth--;
      else if (text === ',' && depth === 1) begins = true;
    } else if (depth === 1 && kind !== 'space' && kind !== 'comment') {
      if (begins) item = kind === 'name' ? text : undefined;
      else if (kind === 'word' && /^auto_increment$/i.test(text)) return item;
      begins = false;
    }
  }
  return undefined;
}
