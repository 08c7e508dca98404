/**
 * What has a name among `things`: that very name, or on a server that does not tell case apart the only one
 * that differs from it in case alone (C14).
 */
export function named<Thing>(
  things: ReadonlyMap<string, Thing>,
  name: string,
  foldsNames: boolean,
): Thing | undefined {
  const exactly = things.get(name);
  if (exactly !== undefined || !foldsNames) return exactly;
  const folded = name.toLowerCase();
  const alike = [...things].filter(([each]) => each.toLowerCase() === folded);
  return alike.length === 1 ? alike[0]![1] : undefined;
}

/** The names of both sides, each once. */
export function namesOfBoth<Thing>(
  left: ReadonlyMap<string, Thing>,
  right: ReadonlyMap<string, Thing>,
  foldsNames: boolean,
): readonly string[] {
  const more = [...right.keys()].filter((name) => named(left, name, foldsNames) === undefined);
  return [...left.keys(), ...more].sort();
}
