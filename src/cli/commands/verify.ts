import { describeLeftOut } from '../../catalog/describe-left-out.js';
import { escapeControls } from '../../escape-controls.js';
import { formatBytes, formatCount, plural } from '../../quantities.js';
import { checkWithoutKey } from '../../recovery/verify/check-without-key.js';
import type { Verification } from '../../recovery/verify/verify-archive.js';
import { verifyArchive } from '../../recovery/verify/verify-archive.js';
import type { Command, CommandLine } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import { keyHelp, keyOptions, readKeys, wipeKeys } from '../keys-option.js';
import { type LocatedArchive, openLocation } from '../location.js';
import { formatPairs } from '../pairs.js';
import { startProgress } from '../progress.js';

/** `verify`: proves that an archive is whole. */
export const verifyCommand: Command = {
  name: 'verify',
  summary: 'read a whole archive and prove that nothing is missing',
  help: `Read an archive from its first byte to its last and prove that every part of it
is what was written. Ends with 4 and names the tables when something is not.

Usage: supplemental-backup verify ARCHIVE [--identity FILE | --password-fd N]

  ARCHIVE            path or s3://bucket/key
${keyHelp}
  --without-key      check what can be checked without a key: label and size
  --json             one JSON document
`,
  options: { ...keyOptions, 'without-key': { type: 'boolean' } },
  positionals: { least: 1, most: 1 },
  async run(given, line) {
    const archive = await openLocation(given.positionals[0]!, line);
    try {
      if (given.flag('without-key')) return await checkLabel(archive, line);
      const keys = await readKeys(given, archive, line);
      const progress = startProgress(line, 'Verifying', 'bytes');
      try {
        const verification = await verifyArchive(archive, {
          ...keys,
          signal: line.signal,
          onProgress: ({ storedBytes }) => progress.update(storedBytes, archive.size),
        });
        progress.finish();
        const { entries: _, ...manifest } = verification.manifest;
        const { refusedDefinitions: refused } = verification;
        return {
          json: { ...verification, manifest },
          text: render(archive, verification),
          exitCode: refused.length === 0 ? exitCodes.done : exitCodes.damaged,
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

async function checkLabel(archive: LocatedArchive, line: CommandLine): ReturnType<Command['run']> {
  const inspection = await checkWithoutKey(archive, { signal: line.signal });
  return {
    json: { ...inspection },
    text: `${escapeControls(archive.name)} has a label and a size that fit. Whether its content is whole, only a key can tell.`,
  };
}

function render(
  archive: LocatedArchive,
  { manifest, tables, rows, incompleteTables, refusedDefinitions: refused }: Verification,
): string {
  const notes = [...describeLeftOut(manifest.leftOut), ...manifest.warnings.map(({ message }) => message)];
  const pairs = formatPairs([
    ['Whole', `yes: every byte of ${formatBytes(archive.size)} is what was written`],
    ['As of', manifest.snapshotAt],
    ['Holds', `${plural(tables, 'table')}, ${formatCount(rows)} rows`],
    ...(incompleteTables.length === 0 ? [] : [['Not complete', incompleteTables.join(', ')] as const]),
  ]);
  if (refused.length > 0) {
    const told = refused.map(({ message }) => escapeControls(message));
    return [...told, '', pairs, '', 'A restore refuses it. Find out who made this archive.'].join('\n');
  }
  return [pairs, ...(notes.length === 0 ? [] : ['', ...notes.map(escapeControls)])].join('\n');
}
