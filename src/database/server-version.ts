/**
 * The vendor of a server, from its `VERSION()` and `@@version_comment`: builds of MariaDB name it in one or
 * the other.
 */
export function vendorOf(
  version: string | null | undefined,
  comment: string | null | undefined,
): 'mariadb' | 'mysql' {
  return /mariadb/i.test(`${version} ${comment}`) ? 'mariadb' : 'mysql';
}

/** Whether a version, such as `10.11.19-MariaDB-0+deb12u1`, is the given one or later. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [itsMajor = 0, itsMinor = 0] = version.split('.').map(Number);
  return itsMajor > major || (itsMajor === major && itsMinor >= minor);
}
