import { type ArchiveInspection, inspectArchive, type Unlock } from '../../archive/index.js';
import { describeOrigin, type OriginBeside } from '../../history/note-beside.js';
import { formatBytes } from '../../quantities.js';
import type { Command } from '../command.js';
import { openLocation } from '../location.js';
import { readOrigin } from '../origin.js';
import { formatPairs } from '../pairs.js';
import { localDay, localTime } from '../wording/local-time.js';

/** `inspect`: the label of an archive, without a key. */
export const inspectCommand: Command = {
  name: 'inspect',
  help: `Show the label of an archive: whose it is, when it was made and who can open it.
Needs no key, so nothing in it is verified; "verify" does that.

Usage: supplemental-backup inspect ARCHIVE

  ARCHIVE            path or s3://bucket/key
  --json             one JSON document
`,
  examples: [['whose archive is this, and whose password opens it', 'inspect od.tar.age']],
  options: {},
  positionals: { least: 1, most: 1 },
  async run(given, line) {
    const archive = await openLocation(given.positionals[0]!, line);
    try {
      const inspection = await inspectArchive(archive, { signal: line.signal });
      const { label } = inspection;
      const origin =
        label === null
          ? undefined
          : await readOrigin(given.positionals[0]!, { ...label, size: archive.size }, line);
      return { json: { ...inspection, origin }, text: render(archive.name, inspection, origin) };
    } finally {
      await archive.close();
    }
  },
};

function render(
  name: string,
  { label, recipients, size }: ArchiveInspection,
  origin: OriginBeside | undefined,
): string {
  const pairs: [string, string][] = [
    ['Archive', name],
    ['Size', size === null ? 'unknown' : formatBytes(size)],
  ];
  if (label === null) {
    pairs.push(['Label', 'none: an age file of another program']);
    pairs.push(['Sealed to', recipients.join(', ')]);
    return formatPairs(pairs);
  }
  pairs.push(
    ['Made at', localTime(label.createdAt)],
    ['Practice', label.practiceId],
    ['Database', label.database],
    ['Holds', label.scope === 'full' ? 'the whole database' : 'chosen tables only'],
    ['Opened by', openers(label.keyHolder?.userName, label.unlock)],
    ...(label.recoveryKits ?? []).map(({ id, createdAt }): [string, string] => [
      'Also opens',
      `with the recovery kit of ${localDay(createdAt)} (${id})`,
    ]),
    ['Sealed to', recipients.join(', ')],
    ['Archive id', label.archiveId],
    ...(origin === undefined ? [] : [['Origin', describeOrigin(origin)] as [string, string]]),
    ['Format', `${label.format.major}.${label.format.minor}`],
  );
  return `${formatPairs(pairs)}\n\nNot verified: anyone can write a label.`;
}

function openers(userName: string | undefined, unlock: readonly Unlock[]): string {
  if (unlock.length === 0) return 'the holder of a key it is sealed to';
  const whose = userName === undefined ? 'the password' : `the password of ${userName}`;
  return `${whose} (${unlock.map(describeUnlock).join('; ')})`;
}

function describeUnlock(unlock: Unlock): string {
  return unlock.kind === 'enrolled'
    ? `enrolled, epoch ${unlock.epoch}`
    : 'stored hash: whoever can read the table of users can open it as well';
}
