import { readFile } from 'node:fs/promises';

/** The settings that the installer writes. Secrets are not among them: they are in the environment. */
export interface Configuration {
  readonly practiceId: string;
  /** ISO 3166 code of the practice's country. */
  readonly country: string;
  /** IANA name. */
  readonly timeZone: string;
  /** `mysql://user@host:port/database`; the password is in `MYSQL_PWD`. */
  readonly database: string;
  /** Where the service keeps its spool, its keys and its log. */
  readonly folder: string;
  /** Where HQ takes archives; its token is in `HQ_TOKEN`. Without it, copies stay in the office. */
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
