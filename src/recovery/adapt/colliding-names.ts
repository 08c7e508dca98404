import type { Capabilities } from './capabilities.js';

/**
 * Finds names that are equal on servers that ignore case (C14).
 *
 * @param taken - names that were checked before, by their lower case; those of `tables` are added
 */
export function collidingNames(
  tables: readonly { readonly name: string }[],
  { lowerCaseTableNames }: Capabilities,
  taken: Map<string, string> = new Map(),
): readonly [string, string] | undefined {
  if (lowerCaseTableNames === 0) return undefined;
  for (const { name } of tables) {
    const other = taken.get(name.toLowerCase());
    if (other !== undefined) return [other, name];
    taken.set(name.toLowerCase(), name);
  }
  return undefined;
}
