import { assertArgument } from '../../arguments.js';
import type { DatabaseAddress } from '../../database/address.js';
import { checkAddress } from '../../database/check-address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { quoteText } from '../../database/identifiers.js';
import { type Activity, BackupError, during } from '../../errors.js';
import {
  formatKeptHeads,
  headsPreference,
  type KeptHeads,
  parseKeptHeads,
} from '../../history/kept-heads.js';
import { formatWallTime, parseWallTime } from '../wall-time.js';
import {
  type BackupSettings,
  enabledByDefault,
  isMonthlyReminderDisabled,
  type SettingsAuthor,
  type SettingsStore,
} from './settings.js';
import { auditLines, validateChange } from './validate-change.js';

/** Options of {@link createDatabaseSettings}. */
export interface DatabaseSettingsOptions {
  /** IANA name; the practice's software keeps wall times. */
  readonly timeZone: string;
  /** Whether HQ has switched the practice off; the host asks HQ. @defaultValue never */
  readonly isDisabledByHq?: (() => boolean | Promise<boolean>) | undefined;
  /** Decides whether a path can be used, instead of writing to it. */
  readonly checkPath?: ((path: string) => Promise<void>) | undefined;
  /** The clock. @defaultValue the machine's clock */
  readonly now?: (() => Date) | undefined;
}

const prefs = {
  enabled: 'SupplementalBackupEnabled',
  networkPath: 'SupplementalBackupNetworkPath',
  lastLocalCopy: 'SupplementalBackupDateLastComplete',
  heads: headsPreference,
  lastReminder: 'BackupReminderLastDateRun',
  updates: 'UpdateStreamLinePassword',
} as const;

/**
 * The value of {@link prefs}`.updates` in the practice's software where updates run unattended; not a secret.
 */
const unattended = 'abracadabra';

/** Permission "supplemental backup settings changed"; it exists only for the audit trail. */
const auditPermission = 179;

/**
 * Settings in the practice's own software: in the `preference` table, with a line in `securitylog` for each
 * change. A missing row is created when it is first saved; until then the default rule holds.
 *
 * @example
 * ```ts
 * const settings = createDatabaseSettings(database, { timeZone: 'America/Chicago' });
 * await settings.save({ networkPath }, { userNum: '1', computer: 'FRONTDESK' });
 * ```
 */
export function createDatabaseSettings(
  address: DatabaseAddress,
  options: DatabaseSettingsOptions,
): SettingsStore {
  checkAddress(address);
  assertArgument('options', options, 'object', { timeZone: 'text' });
  const { timeZone, checkPath, now = () => new Date() } = options;

  const readFrom = async (connection: Connection): Promise<BackupSettings> => {
    const names = Object.values(prefs).map(quoteText).join(', ');
    const rows = await connection.query(
      `SELECT PrefName AS name, ValueString AS value FROM preference WHERE PrefName IN (${names})`,
    );
    const values = new Map(rows.map(({ name, value }) => [name, value ?? '']));
    const reminder = values.get(prefs.lastReminder) ?? '';
    const byDefault = enabledByDefault({
      monthlyReminderDisabled: isMonthlyReminderDisabled(reminder, now()),
      updatesUnattended: values.get(prefs.updates) === unattended,
    });
    const enabled = values.get(prefs.enabled) ?? (byDefault ? '1' : '0');
    const disabledByHq = (await options.isDisabledByHq?.()) === true;
    return {
      status: disabledByHq ? 'disabled-by-hq' : enabled === '1' ? 'enabled' : 'disabled',
      networkPath: (values.get(prefs.networkPath) ?? '').trim(),
      lastLocalCopy: parseWallTime(values.get(prefs.lastLocalCopy) ?? '', timeZone),
    };
  };

  const withConnection = async <Result>(
    activity: Activity,
    signal: AbortSignal | undefined,
    work: (connection: Connection) => Promise<Result>,
  ): Promise<Result> =>
    during(activity, async () => {
      const connection = await openConnection(address, { signal });
      try {
        return await work(connection);
      } finally {
        await connection.close();
      }
    });

  return {
    read: (call) => withConnection('read', call?.signal, readFrom),
    save: (change, author, call) =>
      withConnection('settings', call?.signal, async (connection) => {
        const real = await validateChange(await readFrom(connection), change, checkPath);
        if (real.enabled !== undefined) await write(connection, prefs.enabled, real.enabled ? '1' : '0');
        if (real.networkPath !== undefined) await write(connection, prefs.networkPath, real.networkPath);
        for (const line of auditLines(real))
          await audit(connection, line, author, formatWallTime(now(), timeZone));
        return readFrom(connection);
      }),
    lastRecorded: (call) =>
      withConnection('read', call?.signal, async (connection) => {
        const enabled = await lastLine(
          connection,
          auditLines({ enabled: true }),
          auditLines({ enabled: false }),
        );
        return enabled === undefined ? {} : { enabled };
      }),
    recordLocalCopy: (verifiedAt, call) =>
      withConnection('settings', call?.signal, (connection) =>
        write(connection, prefs.lastLocalCopy, formatWallTime(verifiedAt, timeZone)),
      ),
    keptHeads: (call) => withConnection('read', call?.signal, headsFrom),
    keepHeads: (heads, call) =>
      withConnection('settings', call?.signal, async (connection) =>
        write(connection, prefs.heads, formatKeptHeads(await headsFrom(connection), heads)),
      ),
  };
}

async function headsFrom(connection: Connection): Promise<readonly KeptHeads[]> {
  return parseKeptHeads((await valueIn(connection, prefs.heads)) ?? '');
}

async function valueIn(connection: Connection, name: string): Promise<string | null | undefined> {
  const [row] = await connection.query(
    `SELECT ValueString AS value FROM preference WHERE PrefName = ${quoteText(name)}`,
  );
  return row?.['value'];
}

async function write(connection: Connection, name: string, value: string): Promise<void> {
  const before = await valueIn(connection, name);
  await connection.query(
    before === undefined
      ? `INSERT INTO preference (PrefName, ValueString) VALUES (${quoteText(name)}, ${quoteText(value)})`
      : `UPDATE preference SET ValueString = ${quoteText(value)} WHERE PrefName = ${quoteText(name)}`,
  );
  // The column's character set may lack characters of a path, and the server would only warn.
  if ((await valueIn(connection, name)) === value) return;
  if (before !== undefined && before !== null) {
    await connection.query(
      `UPDATE preference SET ValueString = ${quoteText(before)} WHERE PrefName = ${quoteText(name)}`,
    );
  }
  throw new BackupError('settings-invalid', `The database cannot keep this value of ${name} unchanged.`, {
    details: { setting: name },
  });
}

/** The newer of two kinds of lines in the audit trail; undefined when there is none. */
async function lastLine(
  connection: Connection,
  on: readonly string[],
  off: readonly string[],
): Promise<boolean | undefined> {
  const texts = [...on, ...off].map(quoteText).join(', ');
  const [row] = await connection.query(
    `SELECT LogText AS text FROM securitylog WHERE PermType = ${auditPermission} AND LogText IN (${texts})
     ORDER BY SecurityLogNum DESC LIMIT 1`,
  );
  return row === undefined ? undefined : on.includes(row['text'] ?? '');
}

async function audit(
  connection: Connection,
  text: string,
  author: SettingsAuthor,
  at: string,
): Promise<void> {
  if (!/^\d+$/.test(author.userNum)) throw new TypeError('"author.userNum" must be decimal digits');
  await connection.query(
    `INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, CompName)
     VALUES (${auditPermission}, ${author.userNum}, ${quoteText(at)}, ${quoteText(text)}, ${quoteText(author.computer ?? '')})`,
  );
}
