/** What a case is about. */
export type TortureKind =
  | 'database'
  | 'event'
  | 'function'
  | 'package'
  | 'procedure'
  | 'sequence'
  | 'table'
  | 'trigger'
  | 'view';

/** One hazard of a faithful copy, built into a database. */
export interface TortureCase {
  /** Of the catalogue of requirements, such as `V13`. */
  readonly id: string;
  readonly kind: TortureKind;
  /** The object; for a trigger the trigger, for `database` empty. */
  readonly name: string;
  /** The hazard, in half a sentence. */
  readonly what: string;
  /**
   * One SELECT, to run with the database chosen. Original and copy must give the same rows in the same order;
   * values that text would blur are asked for in hexadecimal or as wider numbers.
   */
  readonly probe: string;
}

/** The server, as far as a case may depend on it. */
export interface TortureServer {
  readonly vendor: 'mysql' | 'mariadb';
  /** `101106` for 10.11.6, `50624` for 5.6.24. */
  readonly number: number;
  /** Names of the engines that can be used, in upper case. */
  readonly engines: ReadonlySet<string>;
  /** `@@lower_case_table_names`. */
  readonly lowerCase: number;
}

/** A case with the statements that make it. */
export interface TortureDefinition extends TortureCase {
  /** Run in order, in a session with sql_mode '' and UTC, put back before every case. */
  readonly statements: readonly string[];
  /** Absent means everywhere. */
  readonly on?: (server: TortureServer) => boolean;
  /** Takes long or much memory; built only when asked for. */
  readonly large?: boolean;
}

/** From this version of MySQL, or of MariaDB, on; undefined is never. */
export function since(
  mysql: number | undefined,
  mariadb: number | undefined,
): (server: TortureServer) => boolean {
  return (server) => {
    const first = server.vendor === 'mysql' ? mysql : mariadb;
    return first !== undefined && server.number >= first;
  };
}

export const withEngine =
  (engine: string): ((server: TortureServer) => boolean) =>
  (server) =>
    server.engines.has(engine);

/**
 * A table case: `name` is created with `columns`, filled with `rows`, and asked `select` ordered by `order`.
 */
export function table(
  id: string,
  name: string,
  what: string,
  columns: string,
  options: string,
  rows: readonly string[],
  select: string,
  extra: Partial<Pick<TortureDefinition, 'large' | 'on'>> & {
    readonly before?: readonly string[];
    readonly after?: readonly string[];
    readonly order?: string;
  } = {},
): TortureDefinition {
  const { before = [], after = [], order = '1', ...rest } = extra;
  return {
    id,
    kind: 'table',
    name,
    what,
    statements: [
      ...before,
      `CREATE TABLE ${name} (${columns}) ${options}`,
      ...rows.map((row) => (row.startsWith('INSERT') ? row : `INSERT INTO ${name} VALUES ${row}`)),
      ...after,
    ],
    probe: `SELECT ${select} FROM ${name} ORDER BY ${order}`,
    ...rest,
  };
}
