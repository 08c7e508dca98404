import { readFile } from 'node:fs/promises';

/** What the installer writes down. Secrets are not in it: they come in the environment. */
export interface Configuration {
  readonly practiceId: string;
  /** ISO 3166 code of the practice's country. */
  readonly country: string;
  /** IANA name. */
  readonly timeZone: string;
  /** `mysql://user@host:port/database`; the password comes in `MYSQL_PWD`. */
  readonly database: string;
  /** Where the service keeps its spool, its keys and its log. */
  readonly folder: string;
  /** Where HQ takes archives; its token comes in `HQ_TOKEN`. Without it, copies stay in the office. */
  readonly hq?: string;
}

/** @throws TypeError naming what is missing */
export async function readConfiguration(path: string): Promise<Configuration> {
  const configuration = JSON.parse(await readFile(path, 'utf8')) as Partial<Configuration>;
  for (const name of ['practiceId', 'country', 'timeZone', 'database', 'folder'] as const) {
    if (typeof configuration[name] !== 'string') throw new TypeError(`"${name}" is missing in ${path}`);
  }
  return configuration as Configuration;
}
