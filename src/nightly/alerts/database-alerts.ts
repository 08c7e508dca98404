import { assertArgument } from '../../arguments.js';
import type { DatabaseAddress } from '../../database/address.js';
import { checkAddress } from '../../database/check-address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { quoteText } from '../../database/identifiers.js';
import { formatWallTime } from '../wall-time.js';
import type { Alert, AlertCode, AlertSink } from './alert.js';

/** `alertitem.Type`: supplemental backups. */
const alertType = 23;
/** `alertitem.ClinicNum`: all clinics. */
const allClinics = -1;
/** `alertitem.Actions`, flags: mark as read (1), delete (4). */
const actions = 1 | 4;
/** `alertitem.Severity`. */
const severities: Readonly<Record<Alert['severity'], number>> = { low: 1, medium: 2, high: 3 };
/** `alertitem.Description` holds 2000 characters. */
const longestDescription = 2000;

/**
 * Shows alerts in the practice's own software, as items of table `alertitem`. An item is identified by its
 * `ItemValue`, so that raising a trouble twice replaces the text and adds no second item.
 *
 * @param address - of the practice's database; the user needs SELECT, INSERT, UPDATE and DELETE on
 *   `alertitem`
 * @param options.timeZone - of the practice, whose software keeps wall times
 * @example
 * ```ts
 * const alerts = createDatabaseAlerts(database, { timeZone: 'America/Chicago' });
 * await runSupplementalBackup({ ...plan, alerts });
 * ```
 */
export function createDatabaseAlerts(
  address: DatabaseAddress,
  options: { readonly timeZone: string; readonly now?: (() => Date) | undefined },
): AlertSink {
  checkAddress(address);
  assertArgument('options', options, 'object', { timeZone: 'text' });
  const { timeZone, now = () => new Date() } = options;
  const withConnection = async (
    signal: AbortSignal | undefined,
    work: (connection: Connection) => Promise<unknown>,
  ): Promise<void> => {
    const connection = await openConnection(address, { signal });
    try {
      await work(connection);
    } finally {
      await connection.close();
    }
  };
  return {
    raise: (alert, call) =>
      withConnection(call?.signal, async (connection) => {
        const description = quoteText([...alert.message].slice(0, longestDescription).join(''));
        const severity = severities[alert.severity];
        const [existing] = await connection.query(
          `SELECT AlertItemNum AS num FROM alertitem WHERE ${isItem(alert.code)} LIMIT 1`,
        );
        await connection.query(
          existing === undefined
            ? `INSERT INTO alertitem
                 (ClinicNum, Description, Type, Severity, Actions, FormToOpen, FKey, ItemValue, UserNum, SecDateTEntry)
               VALUES (${allClinics}, ${description}, ${alertType}, ${severity}, ${actions}, 0, 0,
                 ${quoteText(itemValue(alert.code))}, 0, ${quoteText(formatWallTime(now(), timeZone))})`
            : `UPDATE alertitem SET Description = ${description}, Severity = ${severity}
               WHERE AlertItemNum = ${existing['num']}`,
        );
      }),
    clear: (code, call) =>
      withConnection(call?.signal, (connection) =>
        connection.query(`DELETE FROM alertitem WHERE ${isItem(code)}`),
      ),
  };
}

function itemValue(code: AlertCode): string {
  return `supplemental-backup/${code}`;
}

function isItem(code: AlertCode): string {
  return `Type = ${alertType} AND ItemValue = ${quoteText(itemValue(code))}`;
}
