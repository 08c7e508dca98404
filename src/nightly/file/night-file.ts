import type { DamagedTables } from '../../dump/snapshot.js';
import type { ConsistencyMode } from '../../dump/strategy.js';
import type { Practice } from '../../eligibility/is-eligible.js';
import { parseNoteKey } from '../../history/note.js';
import { flag, text, textLike, textUpTo, where } from '../../shapes.js';
import type { RetentionPolicy } from '../retention.js';
import type { NightSchedule } from '../window.js';
import { retention, scrubEveryNights } from './copies-fields.js';
import {
  byKind,
  choice,
  described,
  type Field,
  group,
  leaf,
  list,
  maybe,
  patterned,
  textOf,
  whole,
} from './field.js';
import { type SecretSource, secret } from './secret.js';

/** The configuration file of `night`, for a service without a host. */
export interface NightFile {
  readonly $schema?: string | undefined;
  readonly practiceId: string;
  readonly timeZone: string;
  readonly practice: PracticeFacts;
  readonly database: { readonly url: string; readonly password?: SecretSource | undefined };
  readonly folder: string;
  readonly settings?: 'database' | 'file' | undefined;
  readonly schedule?: FileSchedule | undefined;
  readonly hq?: HeadquartersByHandOver | HeadquartersInBucket | undefined;
  readonly local?: LocalCopies | undefined;
  readonly keys?: KeysInFile | undefined;
  readonly alerts?: AlertsTo | undefined;
  readonly log?: LogFile | undefined;
  readonly evidence?: EvidenceFiles | undefined;
  readonly reading?: Reading | undefined;
  readonly scrubMinutes?: number | undefined;
  readonly spoolReserveBytes?: number | undefined;
  readonly trustedKeys?: readonly string[] | undefined;
}

/** Facts that decide where the practice may back up. */
export type PracticeFacts = Pick<Practice, 'businessAssociateAgreement' | 'country' | 'onSupport'>;

/** When the nights are. */
export type FileSchedule = Omit<NightSchedule, 'hqTime' | 'timeZone'> & {
  readonly hqTime?: string | undefined;
};

/** HQ signs each request; the office holds no credentials of its store. */
export interface HeadquartersByHandOver {
  readonly kind: 'hand-over';
  readonly url: string;
  readonly token: SecretSource;
  readonly allowLoopbackHttp?: boolean | undefined;
  readonly retention?: RetentionPolicy | 'keep-all' | undefined;
  readonly scrubEveryNights?: number | 'never' | undefined;
}

/** A bucket of any S3-compatible store. */
export interface HeadquartersInBucket {
  readonly kind: 's3';
  readonly bucket: string;
  readonly prefix?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly pathStyle?: boolean | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: SecretSource } | undefined;
  readonly objectLock?: { readonly mode: 'COMPLIANCE' | 'GOVERNANCE'; readonly days: number } | undefined;
  readonly retention?: RetentionPolicy | 'keep-all' | undefined;
  readonly scrubEveryNights?: number | 'never' | undefined;
}

/** The copy in the office. */
export interface LocalCopies {
  readonly path?: string | undefined;
  readonly retention?: RetentionPolicy | 'keep-all' | undefined;
  readonly scrubEveryNights?: number | 'never' | undefined;
}

/** How copies are sealed. */
export interface KeysInFile {
  readonly file?: string | undefined;
  readonly policy?: 'enrolled-only' | 'prefer-enrolled' | undefined;
  readonly postQuantum?: boolean | undefined;
  readonly furtherRecipients?: readonly string[] | undefined;
}

/** Where alerts go, beside the log. */
export interface AlertsTo {
  readonly healthcheck?: SecretSource | undefined;
  readonly database?: boolean | undefined;
  readonly thresholds?: 'strict' | undefined;
}

/** Where the log goes instead of stderr. */
export interface LogFile {
  readonly file: string;
  readonly maxBytes?: number | undefined;
  readonly keepFiles?: number | undefined;
  readonly debug?: boolean | undefined;
}

/** The page that every night writes. */
export interface EvidenceFiles {
  readonly file: string;
  readonly rehearsal?: string | undefined;
  readonly sbom?: string | undefined;
}

/** How the database is read. */
export interface Reading {
  readonly consistency?: ConsistencyMode | undefined;
  readonly connections?: number | undefined;
  readonly damagedTables?: DamagedTables | undefined;
}

const yesOrNo: Field<boolean> = leaf(flag, 'true or false', { type: 'boolean' });
const name: Field<string> = textOf(
  where(textUpTo(1024), (value) => value !== ''),
  'a text that is not empty',
);
const path: Field<string> = textOf(
  where(textUpTo(4096), (value) => value.trim() !== '' && !value.includes('\0')),
  'a path',
);
const wallTime: Field<string> = patterned(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 22:00');
const webUrl = (protocols: RegExp, words: string): Field<string> =>
  textOf(
    where(textUpTo(2048), (value) => URL.canParse(value) && protocols.test(new URL(value).protocol)),
    words,
  );

/** Every member of the file, with its check. */
export const nightFile: Field<NightFile> = group<NightFile>({
  $schema: maybe(textOf(text, 'a text')),
  practiceId: described(
    'The beginning of the name of every copy. The same on every computer that makes copies of the practice.',
    patterned(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/, '1 to 64 letters, digits, "-", "_" and "."'),
  ),
  timeZone: described('IANA name of the practice’s time zone, such as America/Chicago.', name),
  practice: described(
    'What decides where the practice may back up.',
    group<PracticeFacts>({
      onSupport: described('The practice pays for support.', yesOrNo),
      country: described(
        'ISO 3166-1 alpha-2 code of the country the practice is registered in.',
        patterned(/^[A-Za-z]{2,3}$/, 'a code of a country such as US'),
      ),
      businessAssociateAgreement: described(
        'Whether headquarters holds an agreement with the practice; absent where none is required.',
        maybe(choice('on-record', 'missing')),
      ),
    }),
  ),
  database: group<NightFile['database']>({
    url: described(
      'mysql://user@host:3306/database without a password, with the parameters of the command line.',
      webUrl(/^(mysql|mariadb):$/, 'a URL such as mysql://user@127.0.0.1:3306/database'),
    ),
    password: described('Where the password of the login is.', maybe(secret)),
  }),
  folder: described(
    'Folder of the service on a local disk with room for both copies: sealed archives on their way, journal, keys.',
    path,
  ),
  settings: described(
    'Where status and network path are kept: in the practice’s database, or in this file (the default), which switches copies on.',
    maybe(choice('database', 'file')),
  ),
  schedule: described(
    'When the nights are.',
    maybe(
      group<FileSchedule>({
        opens: maybe(wallTime),
        closes: maybe(wallTime),
        hqTime: maybe(wallTime),
        lastStartBeforeCloseMinutes: maybe(whole(0, 1440)),
        localEveryNights: maybe(whole(1, 366)),
        catchUp: maybe(choice('at-once', 'next-night')),
        attemptsPerNight: maybe(whole(1, 100)),
        retryAfterMinutes: maybe(whole(0, 1440)),
      }),
    ),
  ),
  hq: described(
    'Where the copy of the critical tables goes outside of the office.',
    maybe(
      byKind<HeadquartersByHandOver | HeadquartersInBucket>({
        'hand-over': group<HeadquartersByHandOver>({
          kind: choice('hand-over'),
          url: webUrl(/^https?:$/, 'a URL that begins with https://'),
          token: described(
            'Sent as "Authorization: Bearer …". A file is read again for every message.',
            secret,
          ),
          allowLoopbackHttp: described(
            'Allows http:// to this very machine, such as a relay on it.',
            maybe(yesOrNo),
          ),
          retention,
          scrubEveryNights,
        }),
        s3: group<HeadquartersInBucket>({
          kind: choice('s3'),
          bucket: name,
          prefix: maybe(name),
          region: maybe(name),
          endpoint: maybe(webUrl(/^https?:$/, 'a URL')),
          pathStyle: maybe(yesOrNo),
          credentials: described(
            'Absent where the AWS tools find them: environment, shared files, role.',
            maybe(
              group<NonNullable<HeadquartersInBucket['credentials']>>({
                accessKeyId: name,
                secretAccessKey: secret,
              }),
            ),
          ),
          objectLock: maybe(
            group<NonNullable<HeadquartersInBucket['objectLock']>>({
              mode: choice('COMPLIANCE', 'GOVERNANCE'),
              days: whole(1, 36_500),
            }),
          ),
          retention,
          scrubEveryNights,
        }),
      }),
    ),
  ),
  local: described(
    'The full copy in the office; without a path here, that of the practice’s database is used.',
    maybe(group<LocalCopies>({ path: maybe(path), retention, scrubEveryNights })),
  ),
  keys: maybe(
    group<KeysInFile>({
      file: described('Where key pairs of administrators are kept.', maybe(path)),
      policy: maybe(choice('prefer-enrolled', 'enrolled-only')),
      postQuantum: maybe(yesOrNo),
      furtherRecipients: described(
        'Public age keys that open every copy too, such as one of the owner’s in a safe.',
        maybe(list(textLike(/^age1[0-9a-z]{1,4000}$/), 'a list of public keys, age1…', { type: 'string' })),
      ),
    }),
  ),
  alerts: described(
    'Where alerts go, beside the log.',
    maybe(
      group<AlertsTo>({
        healthcheck: described('The URL that a good night calls, and a bad one with /fail.', maybe(secret)),
        database: described('Whether alerts are also shown in the practice’s own software.', maybe(yesOrNo)),
        thresholds: described(
          'When alerts are raised: "strict" where no copy at either place may become 48 hours old.',
          maybe(choice('strict')),
        ),
      }),
    ),
  ),
  log: described(
    'A file for the log instead of stderr.',
    maybe(
      group<LogFile>({
        file: path,
        maxBytes: maybe(whole(10_000, 1_000_000_000)),
        keepFiles: maybe(whole(0, 100)),
        debug: maybe(yesOrNo),
      }),
    ),
  ),
  evidence: described(
    'A page that shows what copies there are, replaced by every night.',
    maybe(
      group<EvidenceFiles>({
        file: described('Where to, an HTML file. Its folder must exist.', path),
        rehearsal: described('The output of the last rehearse --json.', maybe(path)),
        sbom: described('The SBOM of this software; the page shows its SHA-256.', maybe(path)),
      }),
    ),
  ),
  reading: maybe(
    group<Reading>({
      consistency: maybe(choice('auto', 'snapshot', 'lock')),
      connections: maybe(whole(1, 16)),
      damagedTables: maybe(choice('refuse', 'leave-out')),
    }),
  ),
  scrubMinutes: described(
    'Most minutes for which copies are read again after --once; 30 if absent. The service reads until its window closes.',
    maybe(whole(0, 1440)),
  ),
  spoolReserveBytes: described(
    'Space that must stay free on the disk of the folder; 1 GiB if absent.',
    maybe(whole(0, Number.MAX_SAFE_INTEGER)),
  ),
  trustedKeys: described(
    'Signing keys of further computers that make copies of this practice, as notes name them.',
    maybe(
      list(
        where(text, (key) => parseNoteKey(key) !== null),
        'a list of keys as notes name them',
        { type: 'string' },
      ),
    ),
  ),
});

/** The same for editors and installers: JSON Schema, draft 2020-12. */
export function nightFileSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'The file of supplemental-backup night --config',
    ...nightFile.schema,
  };
}
