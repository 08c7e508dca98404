/** Whether a location is in a store rather than on a path. */
export function isStoreUrl(location: string): boolean {
  // A drive letter with a colon is a path.
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(location);
}
