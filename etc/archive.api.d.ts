export interface ArchiveInspection {
    readonly label: Label | null;
    readonly verified: false;
    readonly recipients: readonly string[];
    readonly headerBytes: number;
    readonly size: number | null;
    readonly contentBytes: number | null;
}

export interface ArchiveKeys {
    readonly password?: Password | undefined;
    readonly identities?: readonly (string | Identity)[] | undefined;
    readonly audit?: AuditLog | undefined;
    readonly withoutLabel?: boolean | undefined;
}

export interface ArchiveReader extends Disposable {
    readonly label: Label | null;
    readonly isLabelDamaged: boolean;
    readonly manifest: Manifest;
    database(options?: ReadOptions): Promise<DatabaseDescription>;
    table(name: string, options?: ReadOptions): Promise<TableDescription>;
    objects(options?: ReadOptions): Promise<readonly SchemaObject[]>;
    parts(options?: ReadPartsOptions): AsyncIterable<Part>;
    readTable(name: string, options?: ReadTableOptions): AsyncIterable<ColumnBatch>;
    close(): void;
}

export type ArchiveScope = 'critical' | 'full';

export type AuditAction = 'extract' | 'open' | 'rehearse' | 'restore' | 'salvage';

export interface AuditEntry {
    readonly action: AuditAction;
    readonly archiveId: string | null;
    readonly target?: string | undefined;
    readonly tables?: readonly string[] | undefined;
    readonly outcome: 'begun' | 'done' | 'failed' | 'stopped';
    readonly code?: BackupErrorCode | 'unexpected' | undefined;
}

export interface AuditLog {
    write(entry: AuditEntry): Promise<void>;
}

export interface ChainLink {
    readonly epoch: number;
    readonly recipient: string;
    readonly sealedIdentity: string;
}

export interface ColumnBatch {
    readonly rows: number;
    readonly columns: readonly ColumnValues[];
}

export interface ColumnDescription {
    readonly name: string;
    readonly type: string;
    readonly characterSet: string | null;
    readonly nullable: boolean;
    readonly form: ValueForm | null;
}

export type ColumnValues = FixedValues | VariableValues;

export interface ComputedContent {
    readonly columns: readonly string[];
    readonly hash: string;
    readonly timeZone?: string;
}

export type Consistency = {
    readonly kind: 'consistent';
    readonly by: 'lock' | 'lock-and-snapshot' | 'snapshot';
} | {
    readonly kind: 'per-table';
    readonly reason: string;
};

export interface DatabaseDescription {
    readonly name: string;
    readonly createStatement: string;
    readonly characterSet: string;
    readonly collation: string;
    readonly server: ServerDescription;
    readonly tables?: readonly PromisedTable[];
    readonly unlistedTables?: number;
}

export interface DatabasePart {
    readonly kind: 'database';
    readonly database: DatabaseDescription;
    readonly scope?: ArchiveScope | undefined;
}

export interface DateFilter {
    readonly column: string;
    readonly since: string;
    readonly unsetBefore: string;
}

export interface DecryptArchiveOptions extends ArchiveKeys {
    readonly signal?: AbortSignal | undefined;
}

export interface DumpSummary {
    readonly startedAt: string;
    readonly snapshotAt: string;
    readonly finishedAt: string;
    readonly consistency: Consistency;
    readonly lockSeconds: number;
    readonly position?: Readonly<Record<string, string>>;
    readonly tables: readonly TableSummary[];
    readonly leftOut: readonly LeftOut[];
    readonly warnings: readonly DumpWarning[];
}

export interface DumpWarning {
    readonly code: string;
    readonly message: string;
    readonly table?: string;
}

export interface EncryptArchiveOptions {
    readonly recipients: readonly (string | Recipient)[];
    readonly label: LabelFields;
    readonly signal?: AbortSignal | undefined;
}

export interface EnrolledUnlock {
    readonly kind: 'enrolled';
    readonly epoch: number;
    readonly recipient: string;
    readonly sealedIdentity: string;
    readonly chain?: readonly ChainLink[];
}

export interface FixedValues {
    readonly kind: 'fixed';
    readonly width: 1 | 2 | 4 | 8;
    readonly nulls: Uint8Array | null;
    readonly data: Uint8Array;
}

export interface FormatVersion {
    readonly major: number;
    readonly minor: number;
}

export interface Identity {
    unwrapFileKey(stanzas: Stanza[]): Uint8Array | null | Promise<Uint8Array | null>;
}

export interface KeyHolder {
    readonly userNum: string;
    readonly userName: string;
}

export interface Label {
    readonly format: FormatVersion;
    readonly archiveId: string;
    readonly createdAt: string;
    readonly practiceId: string;
    readonly database: string;
    readonly scope: ArchiveScope;
    readonly keyHolder?: KeyHolder;
    readonly unlock: readonly Unlock[];
    readonly recoveryKits?: readonly LabelKit[];
}

export type LabelFields = Omit<Label, 'archiveId' | 'createdAt' | 'format'> & Partial<Pick<Label, 'archiveId' | 'createdAt'>>;

export interface LabelKit {
    readonly id: string;
    readonly createdAt: string;
    readonly recipient: string;
}

export interface LeftOut {
    readonly kind: 'table' | 'users' | SchemaObjectKind;
    readonly name: string;
    readonly reason: string;
}

export interface Manifest extends DumpSummary {
    readonly format: FormatVersion;
    readonly archiveId: string;
    readonly contentId?: string | undefined;
    readonly scope: ArchiveScope;
    readonly entries: readonly ManifestEntry[];
}

export interface ManifestEntry {
    readonly name: string;
    readonly offset: number;
    readonly size: number;
    readonly sha256: string;
    readonly rows?: number;
}

export interface ObjectsPart {
    readonly kind: 'objects';
    readonly objects: readonly SchemaObject[];
}

export interface OpenArchiveOptions extends ArchiveKeys {
    readonly signal?: AbortSignal | undefined;
}

export interface OpenedArchive extends AsyncIterable<Part> {
    readonly label: Promise<Label | null>;
    readonly isLabelDamaged: Promise<boolean>;
}

export type Part = DatabasePart | TablePart | RowsPart | ObjectsPart | SummaryPart;

export interface PartFilter {
    readonly tables: readonly {
        readonly name: string;
        readonly definitionOnly?: string | undefined;
        readonly rowFilter?: (RowFilter & {
            readonly dates?: DateFilter | undefined;
        }) | undefined;
    }[];
    readonly scope: ArchiveScope;
    readonly leftOut: readonly LeftOut[];
}

export type Password = string | Uint8Array;

export interface PromisedTable {
    readonly index: number;
    readonly name: string;
    readonly tier: string;
}

export interface ReadOptions {
    readonly signal?: AbortSignal | undefined;
}

export interface ReadPartsOptions extends ReadOptions {
    readonly tables?: readonly string[] | undefined;
}

export interface ReadTableOptions extends ReadOptions {
    readonly parts?: readonly number[] | undefined;
}

export interface Recipient {
    wrapFileKey(fileKey: Uint8Array): Stanza[] | Promise<Stanza[]>;
}

export interface RowFilter {
    readonly where: string;
    readonly reason: string;
    readonly dates?: DateFilter;
}

export interface RowsPart {
    readonly kind: 'rows';
    readonly table: number;
    readonly sequence: number;
    readonly rows: number;
    readonly plainBytes: number;
    readonly sha256: string;
    readonly data: Uint8Array;
}

export interface SchemaObject {
    readonly kind: SchemaObjectKind;
    readonly name: string;
    readonly createStatement: string;
    readonly createStatementBytes?: string;
    readonly definer?: string;
    readonly sqlMode?: string;
    readonly characterSetClient?: string;
    readonly collationConnection?: string;
    readonly databaseCollation?: string;
    readonly timeZone?: string;
    readonly status?: string;
    readonly table?: string;
    readonly actionOrder?: number;
    readonly nextValue?: string;
    readonly brokenAtSource?: string;
}

export type SchemaObjectKind = 'event' | 'function' | 'package' | 'package-body' | 'procedure' | 'sequence' | 'trigger' | 'view';

export interface SealedArchive extends AsyncIterable<Uint8Array> {
    readonly label: Label;
    readonly manifest: Promise<Manifest>;
    toReadableStream(): ReadableStream<Uint8Array>;
}

export interface ServerDescription {
    readonly vendor: 'mariadb' | 'mysql';
    readonly version: string;
    readonly sqlMode: string;
    readonly timeZone: string;
    readonly systemTimeZone: string;
    readonly characterSet: string;
    readonly collation: string;
    readonly lowerCaseTableNames: number;
    readonly variables?: Readonly<Record<string, string>>;
}

export interface StoredHashUnlock {
    readonly kind: 'stored-hash';
    readonly hashType: string;
    readonly salt: string;
    readonly recipient: string;
    readonly sealedIdentity: string;
}

export interface SummaryPart {
    readonly kind: 'summary';
    readonly summary: DumpSummary | Manifest;
}

export interface TableDescription {
    readonly index: number;
    readonly name: string;
    readonly engine: string;
    readonly createStatement: string;
    readonly columns: readonly ColumnDescription[];
    readonly primaryKey: readonly string[];
    readonly definitionOnly?: string;
    readonly rowFilter?: RowFilter;
    readonly versioned?: 'current' | 'history';
    readonly computed?: ComputedContent;
}

export interface TablePart {
    readonly kind: 'table';
    readonly table: TableDescription;
}

export interface TableSummary {
    readonly index: number;
    readonly name: string;
    readonly engine: string;
    readonly rows: number;
    readonly parts: number;
    readonly plainBytes: number;
    readonly storedBytes: number;
    readonly incomplete?: string;
}

export type Unlock = EnrolledUnlock | StoredHashUnlock;

export interface UnlockedIdentity {
    readonly epoch: number | null;
    readonly recipient: string;
    readonly identity: string;
}

export type ValueForm = 'bytes' | 'date' | 'datetime' | 'f32' | 'f64' | 'i16' | 'i32' | 'i64' | 'i8' | 'time' | 'u16' | 'u32' | 'u64' | 'u8';

export interface VariableValues {
    readonly kind: 'variable';
    readonly nulls: Uint8Array | null;
    readonly lengths: Uint32Array;
    readonly data: Uint8Array;
}

export declare function decryptArchive(source: ByteSource, options: DecryptArchiveOptions): OpenedArchive;

export declare function encryptArchive(parts: AsyncIterable<Part>, options: EncryptArchiveOptions): SealedArchive;

export declare function filterParts(parts: AsyncIterable<Part>, filter: PartFilter): AsyncGenerator<Part>;

export declare function forkParts(parts: AsyncIterable<Part>, count: number): AsyncIterable<Part>[];

export declare function inspectArchive(source: ByteSource | RangeSource, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<ArchiveInspection>;

export declare function openArchive(source: RangeSource, options: OpenArchiveOptions): Promise<ArchiveReader>;

export declare function packRows(table: number, sequence: number, batch: ColumnBatch): Promise<RowsPart>;

export declare function toReadableStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array>;

export declare function unlockChain(label: Pick<Label, 'keyHolder' | 'unlock'>, password: Password): Promise<readonly UnlockedIdentity[]>;

export declare function unlockLabel(label: Pick<Label, 'keyHolder' | 'unlock'>, password: Password): Promise<UnlockedIdentity>;

export declare function unpackRows(part: Pick<RowsPart, 'data' | 'rows'>, forms: readonly ValueForm[]): Promise<ColumnBatch>;
