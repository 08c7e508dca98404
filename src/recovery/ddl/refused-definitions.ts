import { BackupError, isBackupError } from '../../errors.js';
import type { DatabaseDescription, SchemaObject, TableDescription } from '../../model/parts.js';
import { acceptDefinition } from './accept-definition.js';
import { proveObject } from './object-statement.js';

/** A definition in an archive that is refused and never executed. */
export interface RefusedDefinition {
  /** What it claims to create. */
  readonly kind: 'table' | SchemaObject['kind'];
  /** Of the table or object. */
  readonly name: string;
  /** The reason, for people. */
  readonly message: string;
}

/**
 * Definitions that would create anything else than they claim. An archive written by this product has none.
 * Pure.
 */
export function refusedDefinitions(
  { name: database }: Pick<DatabaseDescription, 'name'>,
  tables: readonly TableDescription[],
  objects: readonly SchemaObject[],
): readonly RefusedDefinition[] {
  const found: RefusedDefinition[] = [];
  const prove = (kind: RefusedDefinition['kind'], name: string, proof: () => void): void => {
    const error = errorOf(proof);
    if (error !== undefined) found.push({ kind, name, message: error.message });
  };
  for (const { name, createStatement } of tables) {
    prove('table', name, () => acceptDefinition('table', name, createStatement, { database }));
  }
  for (const object of objects) prove(object.kind, object.name, () => proveObject(object, database));
  return found;
}

/** Most of them in one sentence. */
const mostTold = 3;

/** The error for all of them. */
export function refusedError(refused: readonly RefusedDefinition[]): BackupError {
  const told = refused.slice(0, mostTold).map(({ message }) => message);
  if (refused.length > mostTold) told.push(`And ${refused.length - mostTold} more.`);
  return new BackupError(
    'archive-damaged',
    `${told.join(' ')} None of it was executed. Find out who made this archive before you use any of it.`,
    { details: { definitions: refused.map(({ kind, name }) => `${kind} ${name}`) } },
  );
}

function errorOf(proof: () => void): BackupError | undefined {
  try {
    proof();
    return undefined;
  } catch (error) {
    if (!isBackupError(error, 'archive-damaged')) throw error;
    return error;
  }
}
