import type { TableDescription } from '../../archive/model.js';
import { quoteName } from '../../database/identifiers.js';
import { acceptDefinition } from '../../recovery/ddl/accept-definition.js';
import { join, tokenise } from '../../recovery/ddl/tokens.js';
import { isOneStatement, prepared } from './client-text.js';

/** The table, empty: readable where every client reads it as it stands. @throws BackupError `archive-damaged` */
export function tableSql(table: TableDescription, database: string): string {
  const { statement } = acceptDefinition('table', table.name, table.createStatement, { database });
  return statementSql(unqualified(statement, database));
}

/** A statement, with its end. */
export function statementSql(statement: string): string {
  return isOneStatement(statement) ? `${statement};\n` : prepared(Buffer.from(statement));
}

/** A statement whose names stand for the database it is loaded into. */
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
