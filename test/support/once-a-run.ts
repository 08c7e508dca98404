import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

let ours: string | undefined;

/**
 * A folder that several test files read and none changes. Whoever needs it first makes it, the others wait
 * for it. `test/run.mjs` gives the place and removes it; a file that runs by itself has one of its own.
 *
 * @param make - fills the folder, which gets its name when that is done
 */
export async function onceARun(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const place = process.env['TEST_RUN_FOLDER'] ?? ownPlace();
  const done = join(place, name);
  const claim = `${done}.claim`;
  // Long enough for a busy machine; whoever dies while he makes it must not hold up the others for ever.
  for (let tries = 0; tries < 3000; tries += 1) {
    if (existsSync(done)) return done;
    if (await claimed(claim)) {
      const draft = `${done}.draft`;
      try {
        // The one before us may have given his claim back in this moment.
        if (existsSync(done)) return done;
        await mkdir(draft);
        await make(draft);
        await rename(draft, done);
        return done;
      } finally {
        await rm(draft, { recursive: true, force: true });
        await rmdir(claim);
      }
    }
    await delay(100);
  }
  throw new Error(`nobody made ${name} within five minutes`);
}

async function claimed(claim: string): Promise<boolean> {
  try {
    await mkdir(claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function ownPlace(): string {
  if (ours === undefined) {
    const place = mkdtempSync(join(tmpdir(), 'sb-tests-'));
    process.on('exit', () => rmSync(place, { recursive: true, force: true }));
    ours = place;
  }
  return ours;
}
