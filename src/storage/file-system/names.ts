import { createHash, randomBytes } from 'node:crypto';

import { hostname } from 'node:os';

import { assertKey, ownPrefix } from '../object-keys.js';

// Names that Windows cannot use. Refused everywhere: the share may be on a Windows machine, and an archive
// that is copied to one in an emergency must keep its name.
const forbiddenOnWindows = /[<>:"|?*]|[. ]$/u;
const deviceOnWindows = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?: *\.|$)/iu;

const temporaryName = /^\.supplemental-([0-9a-f]{8})-([0-9]+)-[0-9a-f]{16}\.partial$/u;
const claimName = /^\.supplemental-[0-9a-f]{32}\.claim$/u;

/**
 * Checks a key for a file system.
 *
 * @throws TypeError or RangeError naming what is wrong with it
 */
export function assertFileKey(key: string): void {
  assertKey(key);
  for (const segment of key.split('/')) {
    if (!isWindowsName(segment)) throw new RangeError('"key" has a segment that Windows cannot name');
  }
}

/** Whether Windows can give a file or folder this name. */
export function isWindowsName(name: string): boolean {
  return !forbiddenOnWindows.test(name) && !deviceOnWindows.test(name);
}

/** A new name for an unfinished file. It contains the process and the machine that write it. */
export function newTemporaryName(): string {
  return `${ownPrefix}${hostMark()}-${process.pid}-${randomBytes(8).toString('hex')}.partial`;
}

/** The name of the claim file of a key, for file systems without hard links. */
export function claimNameOf(key: string): string {
  // In lower case, because `a` and `A` are one file on most shares.
  const mark = createHash('sha256').update(key.toLowerCase()).digest('hex').slice(0, 32);
  return `${ownPrefix}${mark}.claim`;
}

/**
 * Whether an entry of the base folder was left behind by a dead process.
 *
 * @param name - of the entry
 * @param ageMilliseconds - since it was last written, by the clock of the share
 * @param abandonedAfter - milliseconds after which a process of another machine counts as dead
 * @param isAlive - whether a process of this machine is alive
 */
export function isLeftBehind(
  name: string,
  ageMilliseconds: number,
  abandonedAfter: number,
  isAlive: (pid: number) => boolean,
): boolean {
  if (claimName.test(name)) return ageMilliseconds > claimLifetime;
  const found = temporaryName.exec(name);
  if (found === null) return false;
  if (found[1] === hostMark() && !isAlive(Number(found[2]))) return true;
  return ageMilliseconds > abandonedAfter;
}

/** A claim is held only during a rename; an older one is abandoned. In milliseconds. */
export const claimLifetime: number = 10 * 60 * 1000;

function hostMark(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}
