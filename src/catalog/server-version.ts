import type { ServerDescription } from '../archive/model.js';

/** Major and minor version. */
type Version = readonly [major: number, minor: number];

/** Whether a server is of a version or newer. One of a vendor that is not named never is. */
export function isSince(
  { vendor, version }: Pick<ServerDescription, 'vendor' | 'version'>,
  since: { readonly mariadb?: Version; readonly mysql?: Version },
): boolean {
  const wanted = since[vendor];
  if (wanted === undefined) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > wanted[0] || (major === wanted[0] && minor >= wanted[1]);
}
