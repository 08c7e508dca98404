import { takesHistory } from '../../catalog/system-time.js';
import { BackupError } from '../../errors.js';
import type { SchemaObject, TableDescription } from '../../model/parts.js';
import {
  type Adaptation,
  type Adapted,
  adaptDefaults,
  adaptObject,
  adaptTable,
  describeAdaptation,
} from '../adapt/adapt.js';
import type { Capabilities } from '../adapt/capabilities.js';
import { collidingNames } from '../adapt/colliding-names.js';
import { historySentence, type RestoreNote, type RestoreNoteCode } from './restore-report.js';

/** Most obstacles in one sentence. */
const obstaclesTold = 5;

/**
 * Decides which definitions the target accepts, unchanged or, if the caller allows it, adapted. Adds notes
 * for people.
 */
export class Acceptance {
  readonly #database: string;
  readonly #adapt: boolean;
  readonly #notes: RestoreNote[];
  /** Names of the accepted tables, in the form in which a server that ignores case compares them. */
  readonly #names: Map<string, string> = new Map();

  /**
   * @param database - the target's name
   * @param adapt - whether something that the target lacks may be replaced by the most similar thing it has
   * @param notes - where notes are added
   */
  constructor(database: string, adapt: boolean, notes: RestoreNote[]) {
    this.#database = database;
    this.#adapt = adapt;
    this.#notes = notes;
  }

  /**
   * Checks everything before anything is created, so that one error names all obstacles.
   *
   * @throws BackupError `target-refused`
   */
  examine(tables: readonly TableDescription[], objects: readonly SchemaObject[], server: Capabilities): void {
    const adaptations = [
      ...tables.map((table) => adaptTable(table, server)),
      ...objects.map((object) => adaptObject(object, server)),
    ].flatMap((adapted) => adapted.adaptations);
    this.#refuse(adaptations);
    for (const table of tables) this.#refuseHistory(table, server);
    this.#refuseCollision(tables, server);
  }

  /** Checks the defaults of a database. @throws BackupError `target-refused` */
  defaults<Defaults extends { readonly characterSet: string; readonly collation: string }>(
    defaults: Defaults,
    server: Capabilities,
  ): Defaults {
    return this.#accept(adaptDefaults(defaults, server));
  }

  /** @throws BackupError `target-refused` */
  table(table: TableDescription, server: Capabilities): TableDescription {
    if (table.rowFilter !== undefined) {
      this.#note('rows-filtered', `Table "${table.name}" holds only some rows: ${table.rowFilter.reason}.`);
    }
    if (table.definitionOnly !== undefined) {
      this.#note(
        'definition-only',
        `Table "${table.name}" was restored without rows: ${table.definitionOnly}.`,
      );
    }
    this.#refuseHistory(table, server);
    // In a stream, tables come one by one.
    this.#refuseCollision([table], server, this.#names);
    return this.#accept(adaptTable(table, server));
  }

  /** @throws BackupError `target-refused` */
  object(object: SchemaObject, server: Capabilities): SchemaObject {
    return this.#accept(adaptObject(object, server));
  }

  #accept<Definition>({ definition, adaptations }: Adapted<Definition>): Definition {
    this.#refuse(adaptations);
    for (const adaptation of adaptations) this.#note('adapted', describeAdaptation(adaptation));
    return definition;
  }

  #refuse(adaptations: readonly Adaptation[]): void {
    const sentences = adaptations.filter(({ to }) => to === null || !this.#adapt).map(describeAdaptation);
    if (sentences.length === 0) return;
    const told = sentences.slice(0, obstaclesTold);
    if (sentences.length > told.length) told.push(`And ${sentences.length - told.length} more.`);
    throw new BackupError(
      'target-refused',
      `The target server cannot take what the archive holds. ${told.join(' ')}`,
      { details: { database: this.#database, obstacles: sentences } },
    );
  }

  #refuseHistory(table: TableDescription, server: Capabilities): void {
    if (table.versioned !== 'history' || takesHistory(server)) return;
    throw new BackupError('target-refused', historySentence(table.name), {
      details: { database: this.#database, table: table.name },
    });
  }

  #refuseCollision(
    tables: readonly TableDescription[],
    server: Capabilities,
    taken: Map<string, string> = new Map(),
  ): void {
    const collision = collidingNames(tables, server, taken);
    if (collision === undefined) return;
    throw new BackupError(
      'target-refused',
      `Tables "${collision[0]}" and "${collision[1]}" are the same name on the target server.`,
      { details: { database: this.#database, tables: collision } },
    );
  }

  #note(code: RestoreNoteCode, message: string): void {
    this.#notes.push({ code, message });
  }
}
