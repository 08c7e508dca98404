import { openArchive } from '../../archive/index.js';
import { certificateText } from '../../recovery/rehearse/certificate.js';
import { rehearseRestore } from '../../recovery/rehearse/rehearse-restore.js';
import type { Command } from '../command.js';
import { readDatabaseUrl, readServerUrl } from '../database-option.js';
import { exitCodes } from '../exit-codes.js';
import { keyHelp, keyOptions, readKeys, wipeKeys } from '../keys-option.js';
import { openLocation } from '../location.js';
import { startProgress } from '../progress.js';
import { showRestore } from '../restore-progress.js';
import { localTime } from '../wording/local-time.js';

/** `rehearse`: proves that an archive can be restored, by restoring it. */
export const rehearseCommand: Command = {
  name: 'rehearse',
  help: `Restore an archive into a scratch database, compare it with the original or with
what the archive says, drop it again, and print a dated certificate. Ends with 1
when something is not equal.

Usage: supplemental-backup rehearse ARCHIVE --target URL
                           [--identity FILE | --password-fd N] [OPTIONS]

  ARCHIVE            path or s3://bucket/key
  --target URL       the server to rehearse on: mysql://user@host:port[?…]
                     the password may come in MYSQL_PWD
  --against URL      the original, if nobody has written to it since
${keyHelp}
  --json             one JSON document
`,
  examples: [
    [
      'prove that an archive comes back, on a spare server',
      'rehearse od.tar.age --target mysql://root@localhost',
    ],
  ],
  options: { ...keyOptions, target: { type: 'string' }, against: { type: 'string' } },
  positionals: { least: 1, most: 1 },
  async run(given, line) {
    const server = readServerUrl(given.required('target'), 'target', line.env);
    const original = given.text('against');
    const against = original === undefined ? undefined : readDatabaseUrl(original, 'against', line.env);
    const archive = await openLocation(given.positionals[0]!, line);
    try {
      const keys = await readKeys(given, given.positionals[0]!, archive, line);
      const reader = await openArchive(archive, { ...keys, signal: line.signal }).finally(() =>
        wipeKeys(keys),
      );
      const progress = startProgress(line, 'Rehearsing', 'bytes');
      try {
        const certificate = await rehearseRestore(reader, server, {
          against,
          audit: keys.audit,
          signal: line.signal,
          onProgress: showRestore(progress, 'making views, triggers and the like, and comparing'),
        });
        progress.finish();
        return {
          json: { certificate },
          text: certificateText({
            ...certificate,
            rehearsedAt: localTime(certificate.rehearsedAt),
            snapshotAt: localTime(certificate.snapshotAt),
          }),
          exitCode: certificate.equal ? exitCodes.done : exitCodes.failed,
        };
      } finally {
        progress.stop();
        reader.close();
      }
    } finally {
      await archive.close();
    }
  },
};
