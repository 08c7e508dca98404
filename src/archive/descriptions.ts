/**
 * The JSON inside an archive, read with suspicion: whoever knows the public recipient can make an archive. Every field
 * that later code relies on is checked; unknown fields are ignored, as a later minor version may add some.
 */
import { fromUtf8 } from '../bytes.js';
import { BackupError } from '../errors.js';
import type {
  DatabaseDescription,
  FormatVersion,
  Label,
  Manifest,
  SchemaObject,
  TableDescription,
  Unlock,
  ValueForm,
} from '../model/parts.js';
import { isContentId } from './content-id.js';

/** Version that is written; readers take every minor of this major. */
export const FORMAT: FormatVersion = { major: 1, minor: 2 };

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const bool: Check = (value) => typeof value === 'boolean';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const index: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1;
const amount: Check = (value) => Number.isFinite(value) && (value as number) >= 0;
const digest: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const contentId: Check = (value) => typeof value === 'string' && isContentId(value);
const archiveId: Check = (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
// Shown to people and compared as text; anybody can write a label.
const moment: Check = (value) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(value) &&
  !Number.isNaN(Date.parse(value));
const day: Check = (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const nullable =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const list =
  (check: Check, most = Number.POSITIVE_INFINITY): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(check);
const record =
  (fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const given = value as Readonly<Record<string, unknown>>;
    return (
      Object.entries(fields).every(([name, check]) => Object.hasOwn(given, name) && check(given[name])) &&
      Object.entries(optional).every(([name, check]) => !Object.hasOwn(given, name) || check(given[name]))
    );
  };
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));

const texts: Check = (value) => record({})(value) && Object.values(value as object).every(text);
const decimal: Check = (value) => typeof value === 'string' && /^\d{1,40}$/.test(value);
/** A number of SQL, which a statement is built from. */
const whole: Check = (value) => typeof value === 'string' && /^-?\d{1,20}$/.test(value);
const base64: Check = (value) =>
  typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);

const format: Check = record({ major: index, minor: count });

const forms: readonly ValueForm[] = [
  'bytes',
  'date',
  'datetime',
  'f32',
  'f64',
  'i16',
  'i32',
  'i64',
  'i8',
  'time',
  'u16',
  'u32',
  'u64',
  'u8',
];

const database: Check = record({
  format,
  archiveId,
  database: record(
    {
      name: text,
      createStatement: text,
      characterSet: text,
      collation: text,
      server: record(
        {
          vendor: oneOf('mariadb', 'mysql'),
          version: text,
          sqlMode: text,
          timeZone: text,
          systemTimeZone: text,
          characterSet: text,
          collation: text,
          lowerCaseTableNames: count,
        },
        { variables: texts },
      ),
    },
    { tables: list(record({ index, name: text, tier: text })), unlistedTables: count },
  ),
});

const table: Check = record(
  {
    index,
    name: text,
    engine: text,
    createStatement: text,
    columns: list(
      record({
        name: text,
        type: text,
        characterSet: nullable(text),
        nullable: bool,
        form: nullable(oneOf(...forms)),
      }),
      4096,
    ),
    primaryKey: list(text),
  },
  {
    definitionOnly: text,
    rowFilter: record(
      { where: text, reason: text },
      { dates: record({ column: text, since: day, unsetBefore: day }) },
    ),
    versioned: oneOf('current', 'history'),
    computed: record({ columns: list(text, 4096), hash: decimal }, { timeZone: text }),
  },
);

const objectKind: Check = oneOf(
  'event',
  'function',
  'package',
  'package-body',
  'procedure',
  'sequence',
  'trigger',
  'view',
);

const objects: Check = list(
  record(
    { kind: objectKind, name: text, createStatement: text },
    {
      createStatementBytes: base64,
      definer: text,
      sqlMode: text,
      characterSetClient: text,
      collationConnection: text,
      databaseCollation: text,
      timeZone: text,
      status: text,
      table: text,
      actionOrder: count,
      nextValue: whole,
      brokenAtSource: text,
    },
  ),
);

const scope: Check = oneOf('critical', 'full');

const manifest: Check = record(
  {
    format,
    archiveId,
    scope,
    startedAt: text,
    snapshotAt: text,
    finishedAt: text,
    consistency: either(
      record({ kind: oneOf('consistent'), by: oneOf('lock', 'lock-and-snapshot', 'snapshot') }),
      record({ kind: oneOf('per-table'), reason: text }),
    ),
    lockSeconds: amount,
    tables: list(
      record(
        {
          index,
          name: text,
          engine: text,
          rows: count,
          parts: count,
          plainBytes: count,
          storedBytes: count,
        },
        { incomplete: text },
      ),
    ),
    leftOut: list(record({ kind: either(oneOf('table', 'users'), objectKind), name: text, reason: text })),
    warnings: list(record({ code: text, message: text }, { table: text })),
    entries: list(record({ name: text, offset: count, size: count, sha256: digest }, { rows: count })),
  },
  { position: texts, contentId },
);

const sealed: Readonly<Record<string, Check>> = { recipient: text, sealedIdentity: text };

const unlock: Check = either(
  record(
    { kind: oneOf('enrolled'), epoch: index, ...sealed },
    { chain: list(record({ epoch: index, ...sealed })) },
  ),
  record({ kind: oneOf('stored-hash'), hashType: text, salt: text, ...sealed }),
);

/** Whether something read is a way from a password to an identity. */
export function isUnlock(value: unknown): value is Unlock {
  return unlock(value);
}

const label: Check = record(
  {
    format,
    archiveId,
    createdAt: moment,
    practiceId: text,
    database: text,
    scope,
    // Each costs one scrypt when a password is tried.
    unlock: list(unlock, 8),
  },
  { keyHolder: record({ userNum: text, userName: text }) },
);

/** `database.json` */
export interface DatabaseEntry {
  readonly format: FormatVersion;
  readonly archiveId: string;
  readonly database: DatabaseDescription;
}

/** Reads `database.json`. @throws BackupError `archive-damaged`, `archive-unsupported` */
export function parseDatabase(bytes: Uint8Array): DatabaseEntry {
  return parse(bytes, database, 'the description of the database') as DatabaseEntry;
}

/** Reads a `table.json`. @throws BackupError `archive-damaged` */
export function parseTable(bytes: Uint8Array): TableDescription {
  return parse(bytes, table, 'the description of a table') as TableDescription;
}

/** Reads `objects.json`. @throws BackupError `archive-damaged` */
export function parseObjects(bytes: Uint8Array): readonly SchemaObject[] {
  return parse(bytes, objects, 'the list of objects') as readonly SchemaObject[];
}

/** Reads `manifest.json`. @throws BackupError `archive-damaged`, `archive-unsupported` */
export function parseManifest(bytes: Uint8Array): Manifest {
  return parse(bytes, manifest, 'the manifest') as Manifest;
}

/** Reads the body of a label stanza. @throws BackupError `archive-damaged`, `archive-unsupported` */
export function parseLabel(bytes: Uint8Array): Label {
  return parse(bytes, label, 'the label') as Label;
}

// In memory a value takes up to twenty times what it takes as text, such as an empty list.
const MOST_VALUES: number = 2 ** 22;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;

/** Whether a text in JSON holds more values than are worth their memory. It need not be well-formed. */
function hasTooManyValues(json: Uint8Array): boolean {
  let count = 0;
  let isText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (isText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA || byte === BRACKET || byte === BRACE) count++;
  }
  return count > MOST_VALUES;
}

function parse(bytes: Uint8Array, check: Check, what: string): unknown {
  if (hasTooManyValues(bytes)) {
    throw new BackupError(
      'archive-limit-exceeded',
      `In the archive ${what} is larger than a genuine one ever is.`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    // Without the cause: it would quote what stands there.
    throw new BackupError('archive-damaged', `In the archive ${what} is not JSON.`);
  }
  // The version comes first: what a newer version says need not look like ours.
  const version = (value as { readonly format?: unknown } | null)?.format;
  if (format(version) && (version as FormatVersion).major > FORMAT.major) {
    const { major, minor } = version as FormatVersion;
    throw new BackupError('archive-unsupported', `The archive has format version ${major}.${minor}.`);
  }
  if (!check(value)) {
    throw new BackupError('archive-damaged', `In the archive ${what} lacks something or has it wrong.`);
  }
  return value;
}
