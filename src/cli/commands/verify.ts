import { labelDamagedSentence } from '../../archive/salvage/losses.js';
import { describeLeftOut } from '../../catalog/describe-left-out.js';
import { escapeControls } from '../../escape-controls.js';
import { describeOrigin, type OriginBeside } from '../../history/note-beside.js';
import { formatBytes, formatCount, plural } from '../../quantities.js';
import { checkWithoutKey } from '../../recovery/verify/check-without-key.js';
import type { Verification } from '../../recovery/verify/verify-archive.js';
import { verifyArchive } from '../../recovery/verify/verify-archive.js';
import type { Command, CommandLine } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { keyHelp, keyOptions, readKeys, wipeKeys } from '../keys-option.js';
import { countingReads, type LocatedArchive, openLocation } from '../location.js';
import { assertSha256, assertSignedWith, originHelp, readOrigin, readSignedWith } from '../origin.js';
import { formatPairs } from '../pairs.js';
import { startProgress } from '../progress.js';
import { localTime } from '../wording/local-time.js';

/** `verify`: proves that an archive is whole. */
export const verifyCommand: Command = {
  name: 'verify',
  help: `Read an archive from its first byte to its last and prove that every part of it
is what was written. Exit code 4 when it is not, with the names of the tables.

Usage: supplemental-backup verify ARCHIVE [--identity FILE | --password-fd N]

  ARCHIVE            path or s3://bucket/key
${keyHelp}
  --without-key      check what can be checked without a key: label, size, note
${originHelp}
  --json             one JSON document
`,
  examples: [
    ['whole from its first byte to its last', 'verify od.tar.age'],
    ['without a key: label and size', 'verify od.tar.age --without-key'],
  ],
  options: { ...keyOptions, 'without-key': { type: 'boolean' }, 'signed-with': { type: 'string' } },
  positionals: { least: 1, most: 1 },
  async run(given, line) {
    const archive = await openLocation(given.positionals[0]!, line);
    try {
      const location = given.positionals[0]!;
      const signedWith = readSignedWith(given);
      if (given.flag('without-key')) return await checkLabel(archive, location, signedWith, line);
      const keys = await readKeys(given, given.positionals[0]!, archive, line);
      const progress = startProgress(line, 'Verifying', 'bytes');
      try {
        let read = 0;
        const counted = countingReads(archive, (upTo) => {
          read = Math.max(read, upTo);
          progress.update(read, archive.size);
        });
        const verification = await verifyArchive(counted, { ...keys, signal: line.signal });
        progress.update(archive.size, archive.size);
        progress.finish();
        const { entries: _, ...manifest } = verification.manifest;
        const { refusedDefinitions: refused } = verification;
        const { label } = verification;
        const origin =
          label === null ? null : await readOrigin(location, { ...label, size: archive.size }, line);
        assertSignedWith(origin ?? { kind: 'unsigned' }, signedWith);
        // Another archive may have been made with the id and the size that the note names.
        if (signedWith !== undefined && origin?.kind === 'signed') {
          await assertSha256(archive, origin.sha256, line.signal);
        }
        return {
          json: { ...verification, manifest, ...(origin === null ? {} : { origin }) },
          text: render(archive, verification, origin),
          exitCode: refused.length === 0 && !verification.isLabelDamaged ? exitCodes.done : exitCodes.damaged,
        };
      } finally {
        progress.stop();
        wipeKeys(keys);
      }
    } finally {
      await archive.close();
    }
  },
};

/** Even without a key, the bytes can be compared with the SHA-256 in the note. */
async function checkLabel(
  archive: LocatedArchive,
  location: string,
  signedWith: string | undefined,
  line: CommandLine,
): ReturnType<Command['run']> {
  const inspection = await checkWithoutKey(archive, { signal: line.signal });
  const { label } = inspection;
  const fits = `${escapeControls(archive.name)} has a valid label and a possible size.`;
  const origin = label === null ? null : await readOrigin(location, { ...label, size: archive.size }, line);
  assertSignedWith(origin ?? { kind: 'unsigned' }, signedWith);
  if (origin?.kind !== 'signed') {
    return {
      json: { ...inspection, ...(origin === null ? {} : { origin }) },
      text: `${fits} Its content can only be verified with a key.${origin === null ? '' : `\nOrigin: ${escapeControls(describeOrigin(origin))}.`}`,
    };
  }
  await assertSha256(archive, origin.sha256, line.signal);
  return {
    json: { ...inspection, origin },
    text: `${fits} Its SHA-256 is the one in its note.\nOrigin: ${escapeControls(describeOrigin(origin, signedWith))}.`,
  };
}

function render(
  archive: LocatedArchive,
  { manifest, tables, rows, incompleteTables, refusedDefinitions: refused, isLabelDamaged }: Verification,
  origin: OriginBeside | null,
): string {
  const notes = [...describeLeftOut(manifest.leftOut), ...manifest.warnings.map(({ message }) => message)];
  const pairs = formatPairs([
    [
      'Whole',
      isLabelDamaged
        ? 'the content; the label is damaged'
        : `yes: every byte of ${formatBytes(archive.size)} is what was written`,
    ],
    ['As of', localTime(manifest.snapshotAt)],
    ...(origin === null ? [] : [['Origin', describeOrigin(origin)] as const]),
    ['Holds', `${plural(tables, 'table')}, ${formatCount(rows)} rows`],
    ...(incompleteTables.length === 0 ? [] : [['Not complete', incompleteTables.join(', ')] as const]),
  ]);
  if (refused.length > 0) {
    const told = refused.map(({ message }) => escapeControls(message));
    return [...told, '', pairs, '', 'A restore refuses this archive. Find out who made it.'].join('\n');
  }
  if (isLabelDamaged) notes.unshift(labelDamagedSentence);
  return [pairs, ...(notes.length === 0 ? [] : ['', ...notes.map(escapeControls)])].join('\n');
}
