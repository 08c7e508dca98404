import { privilegesOn } from '../../catalog/privileges.js';
import { takesHistory } from '../../catalog/system-time.js';
import type {
  DatabaseDescription,
  LeftOut,
  SchemaObject,
  TableDescription,
  TableSummary,
} from '../../model/parts.js';
import {
  type Adaptation,
  adaptDefaults,
  adaptObject,
  adaptTable,
  describeAdaptation,
} from '../adapt/adapt.js';
import type { Capabilities } from '../adapt/capabilities.js';
import { collidingNames } from '../adapt/colliding-names.js';
import { namesDatabase, namesDatabaseSentence } from '../ddl/names-database.js';
import type { RefusedDefinition } from '../ddl/refused-definitions.js';
import { missingSentence } from '../restore/missing.js';
import type { RestoreOptions } from '../restore/options.js';
import {
  displacedSentence,
  eventOverSentence,
  historySentence,
  incompleteSentence,
  leftOutSentence,
  renamedSentence,
} from '../restore/restore-report.js';
import { hiddenSessionsSentence, type TargetState } from '../restore/target.js';
import type { Trial } from './try-definitions.js';

/**
 * What an obstacle is about.
 *
 * - `definer-missing`: the target lacks the definer of an object, which then fails when it is used
 * - `definition-refused`: the server refused a definition when it was tried. A refused table lacks all its
 *   rows; a view, key or the like is missing alone
 * - `definitions-untried`: whether the server takes each definition was not tried
 * - `definition-only`: a table is restored without rows, as it was archived
 * - `event-over`: the time of an event has passed, so it is created disabled
 * - `events-rest`: the target's event scheduler is off, so events are restored and do not run
 * - `history-unsupported`: a table has old versions of its rows, which this server does not accept
 * - `names-its-source`: an object names the database that it came from, and would access that one
 * - `names-collide`: two tables of the archive have the same name on a target that ignores case
 * - `no-load-data`: the target refuses LOAD DATA LOCAL, so rows are loaded by INSERT, which is slower
 * - `object-left-out`: a view or trigger uses tables that are not restored
 * - `places-taken`: a table cannot have its files where its definition wants them, and gets the default place
 * - `privilege-missing`: the database user lacks a privilege that the restore needs
 * - `read-only`: the server is read-only for ordinary users, or for everybody
 * - `rows-filtered`: the archive holds only some rows of a table
 * - `sessions-hidden`: whether the database that would be replaced is in use cannot be seen
 * - `table-incomplete`: a table could not be read completely when the archive was made
 * - `table-renamed`: no server creates a table of its name, which is that of an old file
 * - `target-not-empty`: the target is not empty
 * - `target-replaced`: the target would be dropped, as the options say
 * - `target-unfinished`: the target holds an interrupted restore
 * - `unknown-character-set`, `unknown-collation`, `unknown-engine`, `unknown-sql-mode`: the target lacks one
 *   that the archive needs
 */
export type RestoreObstacleCode =
  | 'definer-missing'
  | 'definition-only'
  | 'definition-refused'
  | 'definitions-untried'
  | 'event-over'
  | 'events-rest'
  | 'history-unsupported'
  | 'names-collide'
  | 'names-its-source'
  | 'no-load-data'
  | 'object-left-out'
  | 'places-taken'
  | 'privilege-missing'
  | 'read-only'
  | 'rows-filtered'
  | 'sessions-hidden'
  | 'table-incomplete'
  | 'table-renamed'
  | 'target-not-empty'
  | 'target-replaced'
  | 'target-unfinished'
  | 'unknown-character-set'
  | 'unknown-collation'
  | 'unknown-engine'
  | 'unknown-sql-mode';

/** Something that a person should know before a restore begins. */
export interface RestoreObstacle {
  /**
   * `blocks`: the restore would fail, or end without some rows. `changes`: something would differ from the
   * original. `note`: for information.
   */
  readonly severity: 'blocks' | 'changes' | 'note';
  /** For programs. */
  readonly code: RestoreObstacleCode;
  /** For people. */
  readonly message: string;
}

/** What is to be restored. */
export interface WantedContent {
  readonly defaults: Pick<DatabaseDescription, 'characterSet' | 'collation'> &
    Partial<Pick<DatabaseDescription, 'name' | 'server'>>;
  readonly tables: readonly { readonly description: TableDescription; readonly summary: TableSummary }[];
  readonly objects: readonly SchemaObject[];
  /** Objects that are not created because tables that they use are not restored. */
  readonly leftOut: readonly LeftOut[];
}

/** What is known about the target and its server. */
export interface TargetFacts {
  readonly database: string;
  readonly state: TargetState;
  readonly capabilities: Capabilities;
  /** Rows of `SHOW GRANTS` for the user who restores. */
  readonly grants: readonly string[];
  readonly seesOtherSessions: boolean;
  /** Why no user can write on this server; undefined if one can. */
  readonly notWritable?: string | undefined;
  readonly readOnly: boolean;
  readonly runsEvents: boolean;
  readonly localInfile: boolean;
  /** Every `user@host`; undefined when they cannot be read. */
  readonly accounts: ReadonlySet<string> | undefined;
  /** Result of trying the definitions. */
  readonly trial: Trial;
  /** Definitions that are refused and never executed. */
  readonly refused?: readonly RefusedDefinition[];
}

/** Lists everything that a person should know before a restore. Pure. */
export function findObstacles(
  content: WantedContent,
  target: TargetFacts,
  options: Pick<RestoreOptions, 'adapt' | 'definers' | 'replace' | 'resume'>,
): readonly RestoreObstacle[] {
  const { capabilities } = target;
  const adapting = (adaptations: readonly Adaptation[]): readonly RestoreObstacle[] =>
    adaptations.map((adaptation) => ofAdaptation(adaptation, options.adapt === true));
  return [
    ...ofState(target, options),
    ...ofPrivileges(target, content.objects),
    ...ofServer(target, content.objects),
    ...adapting(adaptDefaults(content.defaults, capabilities).adaptations),
    ...content.tables.flatMap(({ description, summary }) => [
      ...adapting(adaptTable(description, capabilities).adaptations),
      ...ofTable(description, summary, capabilities),
    ]),
    ...content.objects.flatMap((object) => adapting(adaptObject(object, capabilities).adaptations)),
    ...(options.definers === 'strip' ? [] : ofDefiners(target, content.objects)),
    ...ofNames(content, capabilities),
    ...ofSource(content, target),
    ...ofTrial(target, content),
    ...(target.localInfile
      ? []
      : [note('no-load-data', 'The target refuses LOAD DATA LOCAL: INSERT is used, which is slower.')]),
  ];
}

function blocks(code: RestoreObstacleCode, message: string): RestoreObstacle {
  return { severity: 'blocks', code, message };
}

function changes(code: RestoreObstacleCode, message: string): RestoreObstacle {
  return { severity: 'changes', code, message };
}

function note(code: RestoreObstacleCode, message: string): RestoreObstacle {
  return { severity: 'note', code, message };
}

function* ofState(
  { database, state, seesOtherSessions }: TargetFacts,
  { replace = false, resume = true }: Pick<RestoreOptions, 'replace' | 'resume'>,
): Iterable<RestoreObstacle> {
  if (state === 'absent' || state === 'empty') return;
  if (state === 'filled') {
    yield replace
      ? changes('target-replaced', `Database "${database}" is not empty, and would be dropped.`)
      : blocks('target-not-empty', `Database "${database}" is not empty.`);
  }
  if (replace && !seesOtherSessions) yield blocks('sessions-hidden', hiddenSessionsSentence(database));
  if (state === 'unfinished') {
    const told = resume || replace ? note : blocks;
    yield told(
      'target-unfinished',
      `Database "${database}" holds an interrupted restore, which is continued if it was of this archive.`,
    );
  }
}

function* ofPrivileges(
  { database, grants }: TargetFacts,
  objects: readonly SchemaObject[],
): Iterable<RestoreObstacle> {
  const held = privilegesOn(database, grants);
  const kinds = new Set(objects.map((object) => object.kind));
  const needed = ['ALTER', 'CREATE', 'DROP', 'INDEX', 'INSERT', 'SELECT'];
  if (kinds.has('view')) needed.push('CREATE VIEW');
  if (kinds.has('trigger')) needed.push('TRIGGER');
  if (kinds.has('event')) needed.push('EVENT');
  if (kinds.has('function') || kinds.has('procedure')) needed.push('CREATE ROUTINE');
  const missing = needed.filter((name) => !held.has(name));
  // A role may hold the privilege, which grants do not show completely; the restore itself will find out.
  const hasRole = grants.some((grant) => / TO /.test(grant) && !/ ON /.test(grant));
  if (missing.length === 0 || hasRole) return;
  yield blocks('privilege-missing', `The database user lacks ${missing.join(', ')} on "${database}".`);
}

function* ofServer(
  { notWritable, readOnly, runsEvents }: TargetFacts,
  objects: readonly SchemaObject[],
): Iterable<RestoreObstacle> {
  if (notWritable !== undefined) yield blocks('read-only', notWritable);
  if (readOnly) yield note('read-only', 'The target server is read-only for ordinary users.');
  if (!runsEvents && objects.some((object) => object.kind === 'event' && object.status === 'ENABLED')) {
    yield note(
      'events-rest',
      'The event scheduler of the target is off: events are restored but do not run.',
    );
  }
}

function* ofTable(
  table: TableDescription,
  summary: TableSummary,
  server: Capabilities,
): Iterable<RestoreObstacle> {
  if (table.versioned === 'history' && !takesHistory(server)) {
    yield blocks('history-unsupported', historySentence(table.name));
  }
  if (table.rowFilter !== undefined) {
    yield note('rows-filtered', `Table "${table.name}" holds only some rows: ${table.rowFilter.reason}.`);
  }
  if (table.definitionOnly !== undefined) {
    yield note('definition-only', `Table "${table.name}" comes without rows: ${table.definitionOnly}.`);
  }
  if (summary.incomplete !== undefined) yield changes('table-incomplete', incompleteSentence(summary));
}

function* ofTrial(
  { trial, capabilities, refused = [] }: TargetFacts,
  { tables, leftOut }: WantedContent,
): Iterable<RestoreObstacle> {
  // Anything that the server lacks was reported by its name already.
  const told = new Set(
    tables
      .filter(({ description }) =>
        adaptTable(description, capabilities).adaptations.some(({ to }) => to === null),
      )
      .map(({ description }) => description.name),
  );
  for (const { message } of refused) yield blocks('definition-refused', message);
  for (const each of trial.refused) {
    if (each.kind === 'table' && told.has(each.name)) continue;
    const severity = each.kind === 'table' ? blocks : changes;
    yield severity('definition-refused', missingSentence(each));
  }
  for (const table of trial.displaced) {
    yield changes('places-taken', displacedSentence(table));
  }
  for (const [from, to] of trial.renamed) yield changes('table-renamed', renamedSentence(from, to));
  for (const event of trial.over) yield changes('event-over', eventOverSentence(event));
  for (const { kind, name, reason } of leftOut) {
    yield note('object-left-out', leftOutSentence(kind, name, reason));
  }
  if (trial.untried !== undefined) {
    yield note(
      'definitions-untried',
      `Whether the server takes each definition was not tried: ${trial.untried}.`,
    );
  }
}

function ofAdaptation(adaptation: Adaptation, mayAdapt: boolean): RestoreObstacle {
  const told = adaptation.to !== null && mayAdapt ? changes : blocks;
  return told(`unknown-${adaptation.kind}`, describeAdaptation(adaptation));
}

/** An object runs as its definer; if the target has no such user, it fails when it is used (O8). */
function* ofDefiners({ accounts }: TargetFacts, objects: readonly SchemaObject[]): Iterable<RestoreObstacle> {
  if (accounts === undefined) return;
  for (const definer of new Set(objects.flatMap((object) => object.definer ?? []))) {
    if (accounts.has(definer)) continue;
    yield note(
      'definer-missing',
      `The target has no user ${definer}, the definer of objects in the archive.`,
    );
  }
}

/** Bodies are not changed, whatever the name of the copy. */
function* ofSource(
  { defaults, objects }: WantedContent,
  { database }: TargetFacts,
): Iterable<RestoreObstacle> {
  const { name, server } = defaults;
  if (name === undefined || name === database) return;
  for (const object of objects) {
    if (!namesDatabase(object, name, (server?.lowerCaseTableNames ?? 0) !== 0)) continue;
    yield changes('names-its-source', namesDatabaseSentence(object, name));
  }
}

function* ofNames({ tables }: WantedContent, server: Capabilities): Iterable<RestoreObstacle> {
  const collision = collidingNames(
    tables.map(({ description }) => description),
    server,
  );
  if (collision === undefined) return;
  const [one, other] = collision;
  yield blocks('names-collide', `Tables "${one}" and "${other}" are the same name on the target.`);
}
