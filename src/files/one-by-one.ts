// By path, because a service may open the same file in more than one place.
const lastOf: Map<string, Promise<unknown>> = new Map();

/** Runs the changes of one file in sequence, also after one that failed. */
export function oneByOne<Result>(path: string, change: () => Promise<Result>): Promise<Result> {
  const changed = (lastOf.get(path) ?? Promise.resolve()).then(change);
  const settled = changed.then(
    () => undefined,
    () => undefined,
  );
  lastOf.set(path, settled);
  settled.then(() => {
    if (lastOf.get(path) === settled) lastOf.delete(path);
  });
  return changed;
}
