// A night in a process of its own, which says what it does so that a test can kill it at any moment of it.
import { writeSync } from 'node:fs';
import { runSupplementalBackup } from '../../../src/nightly/run/run-supplemental-backup.js';
import { createFileSystemStorage } from '../../../src/storage/file-system/file-system.js';
import { eligiblePractice } from './night.js';

const { address, spool, share, hq } = JSON.parse(process.argv[2]!);
await runSupplementalBackup(
  {
    practiceId: '4711',
    practice: { ...eligiblePractice, networkPath: share },
    database: address,
    timeZone: 'America/Chicago',
    spool,
    spoolReserveBytes: 0,
    hq: { storage: createFileSystemStorage({ path: hq, reserveBytes: 0 }) },
    local: {},
  },
  { onEvent: (event) => writeSync(1, `${event.kind}\n`) },
);
