/**
 * The entry with a name: the exact one, or, on a server that ignores case, the only one that differs from it
 * only in case (C14).
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

/** The names on either side, each once. */
export function namesOfBoth<Thing>(
  left: ReadonlyMap<string, Thing>,
  right: ReadonlyMap<string, Thing>,
  foldsNames: boolean,
): readonly string[] {
  const more = [...right.keys()].filter((name) => named(left, name, foldsNames) === undefined);
  return [...left.keys(), ...more].sort();
}
