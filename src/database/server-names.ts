import { quoteText } from './identifiers.js';
import type { Connection } from './session.js';

/** What decides which names a server considers equal. */
export type NameJudge = Pick<Connection, 'foldsNames'>;

/**
 * A name in the form in which the server compares it. On Windows and macOS (`lower_case_table_names`) names
 * of databases and tables that differ only in case are equal (C14).
 */
export function foldName(name: string, { foldsNames }: NameJudge): string {
  return foldsNames ? name.toLowerCase() : name;
}

/** Whether two names mean the same database or table to the server. */
export function sameName(a: string | null | undefined, b: string, server: NameJudge): boolean {
  return typeof a === 'string' && foldName(a, server) === foldName(b, server);
}

/**
 * The name that the server has for a database, or would give to a new one. People write the name in any case,
 * and the server's lists have it in only one (C14).
 */
export async function databaseNameOn(
  server: Pick<Connection, 'lowerCaseTableNames' | 'query'>,
  name: string,
): Promise<string> {
  switch (server.lowerCaseTableNames) {
    case 0:
      return name;
    case 1: {
      // Which letter is the lower case of another depends on the server.
      const [row] = await server.query(`SELECT LOWER(${quoteText(name)}) AS name`);
      return row?.['name'] ?? name;
    }
    default: {
      // The server kept the case in which the database was created.
      const there = (await server.query('SHOW DATABASES')).map((row) => Object.values(row)[0] ?? '');
      return there.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
    }
  }
}
