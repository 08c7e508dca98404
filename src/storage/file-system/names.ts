import { createHash, randomBytes } from 'node:crypto';

import { hostname } from 'node:os';

import { assertKey, ownPrefix } from '../object-keys.js';

// What Windows cannot name. Refused everywhere, because the share may stand on a Windows machine, and because
// an archive that is copied there on the worst day must keep its name.
const forbiddenOnWindows = /[<>:"|?*]|[. ]$/u;
const deviceOnWindows = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/iu;

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

/** A fresh name for an unfinished file. It tells which process of which machine writes it. */
export function newTemporaryName(): string {
  return `${ownPrefix}${hostMark()}-${process.pid}-${randomBytes(8).toString('hex')}.partial`;
}

/** The name that stands for the right to publish a key, where hard links do not exist. */
export function claimNameOf(key: string): string {
  // Folded, because `a` and `A` are one file on most shares.
  const mark = createHash('sha256').update(key.toLowerCase()).digest('hex').slice(0, 32);
  return `${ownPrefix}${mark}.claim`;
}

/**
 * Whether an entry of the base folder was left behind by a process that is gone.
 *
 * @param name - of the entry
 * @param ageMilliseconds - since it was last written, by the clock of the share
 * @param abandonedAfter - milliseconds after which a process of another machine is taken to be gone
 * @param isAlive - whether a process of this machine lives
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

/** A claim is held for the moment of a rename; one that is older belongs to nobody. Milliseconds. */
export const claimLifetime: number = 10 * 60 * 1000;

function hostMark(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}
