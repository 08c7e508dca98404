import { quoteText } from './identifiers.js';
import type { Connection } from './session.js';

/** A server as far as it decides which names are the same. */
export type NameJudge = Pick<Connection, 'foldsNames'>;

/**
 * A name as the server compares it. On Windows and macOS (`lower_case_table_names`) names of databases and
 * tables that differ in case alone are one name (C14).
 */
export function foldName(name: string, { foldsNames }: NameJudge): string {
  return foldsNames ? name.toLowerCase() : name;
}

/** Whether two names are the same database or table to the server. */
export function sameName(a: string | null | undefined, b: string, server: NameJudge): boolean {
  return typeof a === 'string' && foldName(a, server) === foldName(b, server);
}

/**
 * What the server calls a database, or would call it when it is made: people and programs write its name in
 * letters of their own, and every list of the server has it in one way only (C14).
 */
export async function databaseNameOn(
  server: Pick<Connection, 'lowerCaseTableNames' | 'query'>,
  name: string,
): Promise<string> {
  switch (server.lowerCaseTableNames) {
    case 0:
      return name;
    case 1: {
      // The server decides which letter is the lower case of another.
      const [row] = await server.query(`SELECT LOWER(${quoteText(name)}) AS name`);
      return row?.['name'] ?? name;
    }
    default: {
      // The name is kept as it was written when the database was made.
      const there = (await server.query('SHOW DATABASES')).map((row) => Object.values(row)[0] ?? '');
      return there.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name;
    }
  }
}
