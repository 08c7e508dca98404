import { join } from '../../database/tokens.js';
import type { SchemaObject } from '../../model/parts.js';
import { acceptDefinition } from './accept-definition.js';

/**
 * The definer of an object, from its own statement; undefined when it has none.
 *
 * @throws BackupError `archive-damaged`
 */
export function actsFor({ kind, name, createStatement, sqlMode }: SchemaObject): string | undefined {
  if (kind === 'sequence') return undefined;
  return acceptDefinition(kind, name, createStatement, { sqlMode }).definer;
}

/**
 * Whether an object can do more than its users may do themselves: triggers, routines, events, and views of
 * another definer.
 *
 * @param login - `user@host` of the user who restores
 */
export function isProgram(object: SchemaObject, login: string): boolean {
  if (object.kind === 'sequence') return false;
  if (object.kind !== 'view') return true;
  const { tokens, bodyAt, definer } = acceptDefinition('view', object.name, object.createStatement, {
    sqlMode: object.sqlMode,
  });
  if (definer === undefined || definer === login) return false;
  return !/\bSQL\s+SECURITY\s+INVOKER\b/i.test(
    join(tokens.slice(0, bodyAt).filter(({ kind }) => kind !== 'name')),
  );
}
