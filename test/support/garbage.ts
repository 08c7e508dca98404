import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** For tests of memory: what is held counts there, not what waits to be collected. */
export const collectGarbage: () => void = runInNewContext('gc');
