import { unqualifiedView } from '../../catalog/view-names.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { unquote } from '../../database/tokens.js';
import { BackupError } from '../../errors.js';
import type { DatabaseDescription, SchemaObject } from '../../model/parts.js';
import { acceptDefinition } from '../ddl/accept-definition.js';
import { type ObjectPolicy, planObject, planObjectBytes } from '../ddl/object-statement.js';
import { join, tokenise } from '../ddl/tokens.js';
import { loadingMode } from '../restore/session.js';
import { encodeFor } from './character-sets.js';
import { isWhole, prepared, printed, quoteModeOf, runPrepared } from './client-text.js';
import { isOneProgram } from './one-program.js';
import { unqualified } from './table-sql.js';

/** Whether events have their original state, or are disabled. */
export type ScriptedEvents = 'as-found' | 'at-rest';

const back = `SET NAMES utf8mb4, sql_mode = '${loadingMode}', time_zone = '+00:00', timestamp = DEFAULT;\n`;

/** A sequence, which defaults of tables may use. @throws BackupError `archive-damaged` */
export function sequenceSql(object: SchemaObject, database: string): string {
  const { name, nextValue } = object;
  if (nextValue !== undefined && !/^-?\d{1,20}$/.test(nextValue)) throw strangeWord(object);
  const statement = planObject(object, { definers: 'keep', source: database, target: database });
  const restart =
    nextValue === undefined ? '' : `ALTER SEQUENCE ${quoteName(name)} RESTART WITH ${nextValue}`;
  return [statement, restart]
    .filter((sql) => sql !== '')
    .map((sql) => prepared(Buffer.from(unqualified(sql, database))))
    .join('');
}

/**
 * A routine, package, trigger or event with the settings it was created with.
 *
 * @throws BackupError `archive-damaged`
 */
export function programSql(
  object: SchemaObject,
  { name: database, collation }: Pick<DatabaseDescription, 'name' | 'collation'>,
  snapshotAt: string,
  events: ScriptedEvents,
): string | Buffer {
  const { characterSet, statement, isSure } = statementOf(object, database, events);
  const delimiter = delimiterFor(statement.toString('latin1'));
  // A server drops an expired event at once, so it is created with the clock at the time of the copy, and
  // stays disabled.
  const at = Date.parse(snapshotAt) / 1000;
  const moment = object.kind === 'event' && Number.isFinite(at) ? `SET timestamp = ${at};\n` : '';
  const rests = object.status === 'ENABLED' && restsNow(object, events);
  const why = events === 'as-found' ? ', as its moment has come' : '';
  const left = rests ? `-- Left disabled${why}: event ${printed(object.name)}\n` : '';
  const { databaseCollation = collation } = object;
  // A program keeps the collation that the database had when it was created.
  const collate = (wanted: string): string =>
    databaseCollation === collation ? '' : `ALTER DATABASE COLLATE '${wordOf(wanted, object)}';\n`;
  return Buffer.concat([
    Buffer.from(`\n${left}${collate(databaseCollation)}${creationSettings(object, characterSet)}${moment}`),
    ...(isSure
      ? [Buffer.from(`DELIMITER ${delimiter}\n`), statement, Buffer.from(`\n${delimiter}\nDELIMITER ;\n`)]
      : [Buffer.from(preparedProgram(object, statement))]),
    Buffer.from(`${back}${collate(collation)}`),
  ]);
}

/**
 * The statement as hexadecimal in PREPARE: the server accepts one statement or none, and no client parses it.
 * If a server cannot prepare it, the rest of the script is not affected.
 */
function preparedProgram({ kind, name }: SchemaObject, statement: Buffer): string {
  const told = `SELECT ${quoteText(`not made, as this server would have to read it as a client does: ${kind} ${name}`)} AS script`;
  const version =
    "SUBSTRING_INDEX(VERSION(), '.', 1) * 100 + SUBSTRING_INDEX(SUBSTRING_INDEX(VERSION(), '.', 2), '.', -1)";
  const ofMySql = kind === 'event' ? '800' : 'NULL';
  const prepares = `${version} >= IF(VERSION() LIKE '%MariaDB%', 1006, ${ofMySql})`;
  const hex = (bytes: Buffer): string => `X'${bytes.toString('hex')}'`;
  return `-- Where it ends is not certain for every client: ${kind} ${printed(name)}
SET @supplemental_backup = IF(${prepares}, ${hex(statement)}, ${hex(Buffer.from(told))});\n${runPrepared}`;
}

/** Whether a program is in a script in a form that every server accepts. */
export function isMadeAnywhere(object: SchemaObject, database: string): boolean {
  return statementOf(object, database).isSure;
}

/**
 * Views may depend on each other, so all are tried in turn, twice. The ones left are tried once more, and
 * then the error ends the script. Views that were broken at the source, or need something absent, may remain
 * missing.
 *
 * @param absent - names, in lower case, of what may be absent at that point of the script
 */
export function viewsSql(
  views: readonly SchemaObject[],
  database: string,
  absent: ReadonlySet<string> = new Set(),
): readonly string[] {
  if (views.length === 0) return [];
  const all = views.map((view, i) => {
    const { characterSet, statement } = statementOf(view, database);
    const setting = creationSettings(view, characterSet);
    const hex = statement.toString('hex');
    return { view, setting, hex, isMade: `FIND_IN_SET('${i}', @supplemental_backup_made)`, number: i };
  });
  const tries = all.map(
    ({ view, setting, hex, isMade, number }) =>
      `\n-- View ${printed(view.name)}\n${setting}${tryOnce(hex, isMade, number)}${back}`,
  );
  const needy = needing(views, absent);
  const last = all.map(({ view, setting, hex, isMade }) => {
    const needs = needy.has(view);
    if (view.brokenAtSource === undefined && !needs) {
      return `${setting}SET @supplemental_backup = IF(${isMade}, X'${noop}', X'${hex}');\n${runPrepared}${back}`;
    }
    const why = needs ? 'it needs something that is not here' : 'it was broken already';
    const told = quoteText(`not made, as ${why}: view ${view.name}`);
    return `SELECT ${told} AS script FROM (SELECT 1) AS one WHERE NOT ${isMade};\n`;
  });
  return ["\nSET @supplemental_backup_made = '';\n", ...tries, ...tries, ...last];
}

/** Views that mention one of these names, directly or through another view. */
function needing(views: readonly SchemaObject[], absent: ReadonlySet<string>): ReadonlySet<SchemaObject> {
  const names = new Set(absent);
  const needy = new Set<SchemaObject>();
  if (names.size === 0) return needy;
  const left = views.map((view) => ({ view, mentioned: namesIn(view) }));
  for (let before = -1; before < needy.size; ) {
    before = needy.size;
    for (const { view, mentioned } of left) {
      if (needy.has(view) || !mentioned.some((name) => names.has(name))) continue;
      needy.add(view);
      names.add(view.name.toLowerCase());
    }
  }
  return needy;
}

function namesIn({ createStatement }: SchemaObject): readonly string[] {
  const [, , ...body] = tokenise(createStatement).filter(({ kind }) => kind === 'name' || kind === 'word');
  return body.map(({ text }) => unquote(text).toLowerCase());
}

const noop = Buffer.from('DO 0').toString('hex');

/** A procedure runs with the settings with which it was created, and can continue after an error. */
function tryOnce(hex: string, isMade: string, number: number): string {
  return `DROP PROCEDURE IF EXISTS supplemental_backup_view;
DELIMITER //
CREATE PROCEDURE supplemental_backup_view()
BEGIN
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET @supplemental_backup_failed = 1;
  IF NOT ${isMade} THEN
    SET @supplemental_backup_failed = 0, @supplemental_backup = X'${hex}';
    PREPARE supplemental_backup FROM @supplemental_backup;
    IF NOT @supplemental_backup_failed THEN
      EXECUTE supplemental_backup;
      DEALLOCATE PREPARE supplemental_backup;
    END IF;
    IF NOT @supplemental_backup_failed THEN
      SET @supplemental_backup_made = CONCAT(@supplemental_backup_made, ',${number}');
    END IF;
  END IF;
END
//
DELIMITER ;
CALL supplemental_backup_view();
DROP PROCEDURE supplemental_backup_view;
`;
}

/**
 * Whether the single execution time of an event has passed: it would be executed at once, so it stays
 * disabled.
 */
function hasPassed({ createStatement }: SchemaObject): boolean {
  const tokens = tokenise(createStatement);
  const words = tokens.filter(({ kind }) => kind === 'word' || kind === 'text').map(({ text }) => text);
  const at = words.findIndex((word) => word.toUpperCase() === 'SCHEDULE') + 1;
  if (words[at]?.toUpperCase() !== 'AT') return false;
  const moment = Date.parse(`${words[at + 1]?.slice(1, -1).replace(' ', 'T')}Z`);
  // With a margin for its time zone and for the time until the script is run.
  return !(moment > Date.now() + 48 * 3_600_000);
}

/** The definition in the character set of its client, or in UTF-8 where clients could misread that. */
function statementOf(object: SchemaObject, database: string, events: ScriptedEvents = 'at-rest'): Statement {
  const { characterSetClient = 'utf8mb4' } = object;
  const bytes = planObjectBytes(object, policyFor(object, database, events));
  if (bytes !== undefined) {
    const { text, isOne } = readable(object, bytes.toString('latin1'), true);
    return asSent(object, characterSetClient, Buffer.from(text, 'latin1'), isOne);
  }
  const { text, isOne } = readable(object, planOf(object, database, events), false);
  const encoded = encodeFor(characterSetClient, text);
  if (encoded !== null) return asSent(object, characterSetClient, encoded, isOne);
  return asSent(object, 'utf8mb4', Buffer.from(text), isOne);
}

interface Statement {
  readonly characterSet: string;
  readonly statement: Buffer;
  /** Whether every client reads it as a whole, and its end is certain. */
  readonly isSure: boolean;
}

function asSent(object: SchemaObject, characterSet: string, statement: Buffer, isOne: boolean): Statement {
  return { characterSet, statement, isSure: isOne && isRead(object, statement.toString('latin1')) };
}

function isRead({ sqlMode = '' }: SchemaObject, text: string): boolean {
  return isWhole(text, quoteModeOf(sqlMode));
}

/**
 * The planned statement, and whether its end is certain. Names in its head are in backticks where clients
 * would not find the end of one in double quotes.
 */
function readable(
  object: SchemaObject,
  planned: string,
  inBytes: boolean,
): { readonly text: string; readonly isOne: boolean } {
  const { kind, name, sqlMode } = object;
  if (kind === 'view' || kind === 'package' || kind === 'package-body')
    return { text: planned, isOne: false };
  const { tokens, bodyAt } = acceptDefinition(kind, name, planned, { sqlMode, inBytes, keepsState: true });
  const isOne = isOneProgram(kind, tokens.slice(bodyAt));
  if (isRead(object, planned)) return { text: planned, isOne };
  const head = tokens
    .slice(0, bodyAt)
    .map((token) =>
      token.kind === 'name' && token.text.startsWith('"')
        ? { ...token, text: quoteName(unquote(token.text)) }
        : token,
    );
  return { text: join([...head, ...tokens.slice(bodyAt)]), isOne };
}

// The state is part of the statement: changing it afterwards would change the settings of the event as well.
function policyFor(object: SchemaObject, database: string, events: ScriptedEvents): ObjectPolicy {
  // A trigger is created in the database that the script is loaded into, whatever its head names.
  const place = object.kind === 'trigger' ? '' : database;
  return {
    definers: 'keep',
    source: place,
    target: place,
    events: restsNow(object, events) ? 'at-rest' : 'as-found',
  };
}

function restsNow(object: SchemaObject, events: ScriptedEvents): boolean {
  return object.kind === 'event' && (events === 'at-rest' || hasPassed(object));
}

function planOf(object: SchemaObject, database: string, events: ScriptedEvents = 'at-rest'): string {
  const planned = planObject(object, policyFor(object, database, events));
  if (object.kind === 'view') return unqualifiedView(planned, database);
  return object.kind === 'trigger' ? unqualified(planned, database) : planned;
}

function creationSettings(object: SchemaObject, characterSet: string): string {
  const { collationConnection, timeZone, sqlMode = '' } = object;
  const settings = [
    `sql_mode = ${modeFor(sqlMode)}`,
    `character_set_client = '${wordOf(characterSet, object)}'`,
  ];
  if (collationConnection !== undefined) {
    settings.push(`collation_connection = '${wordOf(collationConnection, object)}'`);
  }
  if (timeZone !== undefined) settings.push(`time_zone = ${quoteText(timeZone)}`);
  return `SET ${settings.join(', ')};\n`;
}

// MySQL 8 and newer refuse a list with one of these; none of them changes the meaning of a stored definition
// there.
const goneModes =
  /\b(NO_AUTO_CREATE_USER|NO_FIELD_OPTIONS|NO_KEY_OPTIONS|NO_TABLE_OPTIONS|DB2|MAXDB|MSSQL|MYSQL323|MYSQL40|ORACLE|POSTGRESQL)\b/i;

function modeFor(sqlMode: string): string {
  if (!goneModes.test(sqlMode)) return quoteText(sqlMode);
  const left = sqlMode.split(',').filter((mode) => !goneModes.test(mode));
  const isNewMySql = "VERSION() NOT LIKE '%MariaDB%' AND CAST(VERSION() AS UNSIGNED) >= 8";
  return `IF(${isNewMySql}, ${quoteText(left.join(','))}, ${quoteText(sqlMode)})`;
}

// A client reacts to its delimiter anywhere in a text.
function delimiterFor(statement: string): string {
  let delimiter = '//';
  while (statement.includes(delimiter)) delimiter += '/';
  return statement.endsWith('/') ? `${delimiter}/` : delimiter;
}

/** The name of a character set or collation; there is no way to quote one on every server. */
function wordOf(word: string, object: SchemaObject): string {
  if (!/^\w{1,64}$/.test(word)) throw strangeWord(object);
  return word;
}

function strangeWord({ kind, name }: SchemaObject): BackupError {
  return new BackupError(
    'archive-damaged',
    `The settings of the ${kind} "${name}" in the archive hold a word that no server writes.`,
  );
}
