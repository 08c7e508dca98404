// By the file, as a service may open it in more than one place.
const lastOf: Map<string, Promise<unknown>> = new Map();

/** Lets changes of one file follow each other, whatever became of the one before. */
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
