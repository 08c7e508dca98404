/**
 * Parses the JSON inside an archive. It is not trusted, since anybody with the public recipient can make an
 * archive. Every field that later code relies on is checked. Unknown fields are ignored, as a later minor
 * version may add some.
 */
import { BackupError } from '../errors.js';
import type {
  ChainLink,
  ColumnDescription,
  ComputedContent,
  Consistency,
  DatabaseDescription,
  DateFilter,
  DumpWarning,
  EnrolledUnlock,
  FormatVersion,
  KeyHolder,
  Label,
  LabelKit,
  LeftOut,
  Manifest,
  ManifestEntry,
  PromisedTable,
  RowFilter,
  SchemaObject,
  SchemaObjectKind,
  ServerDescription,
  StoredHashUnlock,
  TableDescription,
  TableSummary,
  Unlock,
} from '../model/parts.js';
import {
  amount,
  count,
  either,
  flag,
  fromJson,
  listOf,
  mapOf,
  nullable,
  objectOf,
  oneOf,
  optional,
  type Shape,
  sha256,
  text,
  textLike,
  textUpTo,
  where,
  wholeFrom,
} from '../shapes.js';
import { isContentId } from './content-id.js';

/** Version that is written; readers accept every minor version of this major one. */
export const formatVersion: FormatVersion = { major: 1, minor: 3 };

const archiveId = textLike(/^[0-9a-f]{32}$/);
// Shown to people and compared as text, and an unauthenticated label may hold anything.
const moment = where(
  textLike(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/),
  (value) => !Number.isNaN(Date.parse(value)),
);
const day = textLike(/^\d{4}-\d\d-\d\d$/);
const base64 = where(textLike(/^[A-Za-z0-9+/]*={0,2}$/), (value) => value.length % 4 === 0);
const index = wholeFrom(1);

const format = objectOf<FormatVersion>({ major: index, minor: count });

const hasFormat = objectOf({ format });

const form = oneOf(
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
);

const server = objectOf<ServerDescription>({
  vendor: oneOf('mariadb', 'mysql'),
  version: text,
  sqlMode: text,
  timeZone: text,
  systemTimeZone: text,
  characterSet: text,
  collation: text,
  lowerCaseTableNames: count,
  variables: optional(mapOf(text)),
});

const database = objectOf<DatabaseEntry>({
  format,
  archiveId,
  database: objectOf<DatabaseDescription>({
    name: text,
    createStatement: text,
    characterSet: text,
    collation: text,
    server,
    tables: optional(listOf(objectOf<PromisedTable>({ index, name: text, tier: text }))),
    unlistedTables: optional(count),
  }),
});

const column = objectOf<ColumnDescription>({
  name: text,
  type: text,
  characterSet: nullable(text),
  nullable: flag,
  form: nullable(form),
});

const table = objectOf<TableDescription>({
  index,
  name: text,
  engine: text,
  createStatement: text,
  columns: listOf(column, 4096),
  primaryKey: listOf(text),
  definitionOnly: optional(text),
  rowFilter: optional(
    objectOf<RowFilter>({
      where: text,
      reason: text,
      dates: optional(objectOf<DateFilter>({ column: text, since: day, unsetBefore: day })),
    }),
  ),
  versioned: optional(oneOf('current', 'history')),
  computed: optional(
    objectOf<ComputedContent>({
      columns: listOf(text, 4096),
      hash: textLike(/^\d{1,40}$/),
      timeZone: optional(text),
    }),
  ),
});

/** Kind of a schema object. */
export const objectKind: Shape<SchemaObjectKind> = oneOf(
  'event',
  'function',
  'package',
  'package-body',
  'procedure',
  'sequence',
  'trigger',
  'view',
);

const objects = listOf(
  objectOf<SchemaObject>({
    kind: objectKind,
    name: text,
    createStatement: text,
    createStatementBytes: optional(base64),
    definer: optional(text),
    sqlMode: optional(text),
    characterSetClient: optional(text),
    collationConnection: optional(text),
    databaseCollation: optional(text),
    timeZone: optional(text),
    status: optional(text),
    table: optional(text),
    actionOrder: optional(count),
    // A number that is inserted into an SQL statement.
    nextValue: optional(textLike(/^-?\d{1,20}$/)),
    brokenAtSource: optional(text),
  }),
);

const scope = oneOf('critical', 'full');

/** Whether a value is an entry of what a copy lacks. */
export const isLeftOut: Shape<LeftOut> = objectOf<LeftOut>({
  kind: either(oneOf('table', 'users'), objectKind),
  name: text,
  reason: text,
});

/** Whether a value describes a consistency. */
export const isConsistency: Shape<Consistency> = either(
  objectOf({ kind: oneOf('consistent'), by: oneOf('lock', 'lock-and-snapshot', 'snapshot') }),
  objectOf({ kind: oneOf('per-table'), reason: text }),
);

/** Whether a value is a warning about a copy. */
export const isDumpWarning: Shape<DumpWarning> = objectOf<DumpWarning>({
  code: text,
  message: text,
  table: optional(text),
});

const tableSummary = objectOf<TableSummary>({
  index,
  name: text,
  engine: text,
  rows: count,
  parts: count,
  plainBytes: count,
  storedBytes: count,
  incomplete: optional(text),
});

const manifest = objectOf<Manifest>({
  format,
  archiveId,
  contentId: optional(where(text, isContentId)),
  scope,
  startedAt: text,
  snapshotAt: text,
  finishedAt: text,
  consistency: isConsistency,
  lockSeconds: amount,
  position: optional(mapOf(text)),
  tables: listOf(tableSummary),
  leftOut: listOf(isLeftOut),
  warnings: listOf(isDumpWarning),
  entries: listOf(
    objectOf<ManifestEntry>({ name: text, offset: count, size: count, sha256, rows: optional(count) }),
  ),
});

/** Whether a value describes how a password leads to an identity. */
export const isUnlock: Shape<Unlock> = either(
  objectOf<EnrolledUnlock>({
    kind: oneOf('enrolled'),
    epoch: index,
    recipient: text,
    sealedIdentity: text,
    chain: optional(listOf(objectOf<ChainLink>({ epoch: index, recipient: text, sealedIdentity: text }))),
  }),
  objectOf<StoredHashUnlock>({
    kind: oneOf('stored-hash'),
    hashType: text,
    salt: text,
    recipient: text,
    sealedIdentity: text,
  }),
);

const label = objectOf<Label>({
  format,
  archiveId,
  createdAt: moment,
  practiceId: text,
  database: text,
  scope,
  keyHolder: optional(objectOf<KeyHolder>({ userNum: text, userName: text })),
  // Each costs one scrypt when a password is tried.
  unlock: listOf(isUnlock, 8),
  recoveryKits: optional(
    listOf(objectOf<LabelKit>({ id: textUpTo(40), createdAt: moment, recipient: text }), 100),
  ),
});

/** `database.json` */
export interface DatabaseEntry {
  readonly format: FormatVersion;
  readonly archiveId: string;
  readonly database: DatabaseDescription;
}

/** Reads `database.json`. @throws BackupError `archive-damaged`, `archive-unsupported` */
export function parseDatabase(bytes: Uint8Array): DatabaseEntry {
  return parse(bytes, database, 'the description of the database');
}

/** Reads a `table.json`. @throws BackupError `archive-damaged` */
export function parseTable(bytes: Uint8Array): TableDescription {
  return parse(bytes, table, 'the description of a table');
}

/** Reads `objects.json`. @throws BackupError `archive-damaged` */
export function parseObjects(bytes: Uint8Array): readonly SchemaObject[] {
  return parse(bytes, objects, 'the list of objects');
}

/** Reads `manifest.json`. @throws BackupError `archive-damaged`, `archive-unsupported` */
export function parseManifest(bytes: Uint8Array): Manifest {
  return parse(bytes, manifest, 'the manifest');
}

/** Reads the body of a label stanza. @throws BackupError `archive-damaged`, `archive-unsupported` */
export function parseLabel(bytes: Uint8Array): Label {
  return parse(bytes, label, 'the label');
}

// A value may take twenty times as much memory as text in JSON, for example an empty list.
const mostValues: number = 2 ** 22;

const quote = 0x22;
const comma = 0x2c;
const bracket = 0x5b;
const backslash = 0x5c;
const brace = 0x7b;

/** Whether a JSON text holds more values than the limit. It need not be well-formed. */
function hasTooManyValues(json: Uint8Array): boolean {
  let count = 0;
  let isText = false;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]!;
    if (isText) {
      if (byte === backslash) i++;
      else if (byte === quote) isText = false;
    } else if (byte === quote) isText = true;
    else if (byte === comma || byte === bracket || byte === brace) count++;
  }
  return count > mostValues;
}

function parse<T>(bytes: Uint8Array, shape: Shape<T>, what: string): T {
  if (hasTooManyValues(bytes)) {
    throw new BackupError(
      'archive-limit-exceeded',
      `In the archive ${what} is larger than in any genuine archive.`,
    );
  }
  const value = fromJson(bytes);
  if (value === undefined) {
    throw new BackupError('archive-damaged', `In the archive ${what} is not JSON.`);
  }
  // The version is checked first: a newer format may differ in everything else.
  if (hasFormat(value) && value.format.major > formatVersion.major) {
    const { major, minor } = value.format;
    throw new BackupError('archive-unsupported', `The archive has format version ${major}.${minor}.`);
  }
  if (!shape(value)) {
    throw new BackupError('archive-damaged', `In the archive ${what} lacks a field or has an invalid one.`);
  }
  return value;
}
