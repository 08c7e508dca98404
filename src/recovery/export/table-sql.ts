import { quoteName, quoteText } from '../../database/identifiers.js';
import type { TableDescription } from '../../model/parts.js';
import { plural } from '../../quantities.js';
import { acceptDefinition } from '../ddl/accept-definition.js';
import { withoutOutsideKeys, withoutPlaces } from '../ddl/table-statement.js';
import { join, tokenise } from '../ddl/tokens.js';
import { isOneStatement, prepared } from './client-text.js';

/**
 * The statement for an empty table: readable where every client reads it unchanged, and without the paths
 * that it names.
 *
 * @throws BackupError `archive-damaged`
 */
export function tableSql(table: TableDescription, database: string): string {
  const { statement } = acceptDefinition('table', table.name, table.createStatement, { database });
  const { createStatement } = withoutPlaces({ ...table, createStatement: statement });
  const made = withoutOutsideKeys(unqualified(createStatement, database));
  return `${statementSql(made.createStatement)}${made.outsideKeys === 0 ? '' : toldKeys(table, made.outsideKeys)}`;
}

/** Foreign keys into other databases are omitted: they would block deletions of rows there. */
function toldKeys({ name }: TableDescription, keys: number): string {
  const told = `left out, as they lead into other databases: ${plural(keys, 'foreign key')} of table ${name}`;
  return `SELECT ${quoteText(told)} AS script;\n`;
}

/**
 * The storage engine by which a table accesses another server, file or database. No script creates such
 * tables.
 */
export function outsideEngineOf(table: TableDescription, database: string): string | undefined {
  return acceptDefinition('table', table.name, table.createStatement, { database }).outside[0];
}

/** A statement with its delimiter. */
export function statementSql(statement: string): string {
  return isOneStatement(statement) ? `${statement};\n` : prepared(Buffer.from(statement));
}

/** A statement without its database, so that its names refer to the one it is loaded into. */
export function unqualified(statement: string, database: string): string {
  const tokens = tokenise(statement);
  const own = quoteName(database);
  return join(
    tokens.filter(
      ({ text }, at) =>
        !(text === own && tokens[at + 1]?.text === '.') && !(text === '.' && tokens[at - 1]?.text === own),
    ),
  );
}
