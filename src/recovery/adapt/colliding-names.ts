import type { Capabilities } from './capabilities.js';

/**
 * Names that differ in case alone are one name on some servers (C14).
 *
 * @param taken - names that were looked at before, by their lower case; those of `tables` are added
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
