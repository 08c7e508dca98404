import assert from 'node:assert/strict';
import { onTerminal, whyNoTerminal } from './terminal.js';
import { fillWithTwoPractices } from './two-practices.js';

/**
 * What support does with a folder of more than 30 archives of two practices, two files of which are bad:
 * look, prove, restore. The commands are those that the screen shows.
 */
export async function restoreInThreeCommands({
  folder,
  source,
  env,
  password,
}: {
  /** Holds the good archives of practice 4711 already. */
  readonly folder: string;
  readonly source: string;
  readonly env: Readonly<Record<string, string>>;
  readonly password: string;
}): Promise<void> {
  if (whyNoTerminal !== undefined) return;
  await fillWithTwoPractices(folder);
  const size = { columns: 120, rows: 40, env };
  const listed = await onTerminal(['list', folder, '--ask'], {
    ...size,
    answers: [['all of them: ', `${password}\r`]],
  });
  assert.equal(listed.code, 4);
  const commands = nextIn(
    listed.lines.slice(listed.lines.indexOf('Next, with the newest of practice 4711:')),
  );
  assert.deepEqual(
    commands.map(([word]) => word),
    ['verify', 'restore'],
  );
  const target = source.replace('/cli_users', '/cli_from_three');
  for (const words of commands) {
    const typed = words.map((word) => (word.startsWith('mysql://') ? target : word));
    const done = await onTerminal(typed, { ...size, answers: [['or newer): ', `${password}\r`]] });
    const screen = done.lines.join('\n');
    assert.equal(done.code, 0, screen);
    // Where it came from, as of when by the clock on the wall, and how much.
    assert.match(screen, /^As of +\d{4}-\d\d-\d\d \d\d:\d\d C[DS]T$/m);
    assert.match(
      screen,
      words[0] === 'verify' ? /Verifying █+ (\S+ kB) of \1 \(100 %\)/ : /^Restored +5 tables, 6 rows/m,
    );
  }
}

/** The first commands that a screen shows, as they would be typed. */
function nextIn(lines: readonly string[]): readonly (readonly string[])[] {
  return lines
    .filter((line) => line.startsWith('  supplemental-backup '))
    .slice(0, 2)
    .map((line) => line.trim().split(' ').slice(1));
}
