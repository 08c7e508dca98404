export interface AbsentTable {
    readonly name: string;
    readonly tier: string;
}

export type Activity = 'backup' | 'read' | 'restore' | 'settings' | 'store' | 'tool';

export interface AdminCandidate {
    readonly userNum: string;
    readonly userName: string;
    readonly isHidden: boolean;
    readonly lastLogin: string | null;
    readonly storedPassword: Secret;
}

export type AdminPassword = Pick<AdminCandidate, 'storedPassword' | 'userName' | 'userNum'>;

export interface Alert {
    readonly code: AlertCode;
    readonly cause: BackupErrorCode | 'stale' | 'unexpected';
    readonly severity: 'high' | 'low' | 'medium';
    readonly message: string;
    readonly practiceId: string;
    readonly destination?: Destination;
}

export type AlertCode = 'admin-password-missing' | 'backup-failed' | 'copies-unchecked' | 'copy-incomplete' | 'history-broken' | 'hq-copy-failed' | 'hq-copy-lost' | 'hq-copy-stale' | 'key-unproven' | 'local-copy-failed' | 'local-copy-lost' | 'local-copy-stale' | 'looks-like-loss' | 'no-usable-admin' | 'not-opened-lately' | 'opening-failed' | 'recipient-not-ours' | 'recovery-kit-new' | 'rehearsal-failed' | 'set-up-wrong' | 'switched-off' | 'switched-off-unrecorded' | 'table-damaged';

export interface AlertSink {
    raise(alert: Alert, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
    clear(code: AlertCode, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
    nightEnded?(outcome: NightOutcome, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
}

export interface AlertThresholds {
    readonly passingNights?: number | undefined;
    readonly hqStaleNights?: number | undefined;
    readonly localStaleNights?: number | undefined;
    readonly notOpenedNights?: number | undefined;
}

export interface ArchiveAccess {
    readonly archiveId: string;
    readonly createdAt: string;
    readonly keyHolder: KeyHolder | null;
    readonly keySource: Unlock['kind'] | 'key-file';
    readonly epoch: number | null;
    readonly password: 'newest' | 'none' | 'of-its-time';
    readonly recipients: readonly RecipientShown[];
    readonly isHeldByAdmin: boolean | null;
    readonly recoveryKits: readonly LabelKit[];
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

export declare class BackupError extends Error {
    #private;
    readonly name: 'BackupError';
    readonly code: BackupErrorCode;
    readonly happened: string;
    readonly details: ErrorDetails;
    constructor(code: BackupErrorCode, happened: string, options?: BackupErrorOptions);
    get activity(): Activity | undefined;
}

export type BackupErrorCode = 'already-running' | 'archive-damaged' | 'archive-limit-exceeded' | 'archive-unsupported' | 'database-connection-lost' | 'database-query-failed' | 'database-query-interrupted' | 'database-unreachable' | 'destination-missing' | 'dump-incomplete' | 'lock-not-granted' | 'no-usable-admin' | 'not-eligible' | 'password-refused' | 'privilege-missing' | 'restore-changed-data' | 'restore-failed' | 'schema-changed' | 'settings-invalid' | 'source-changed' | 'storage-exists' | 'storage-full' | 'storage-not-found' | 'storage-permanent' | 'storage-transient' | 'table-damaged' | 'target-refused' | 'verification-failed' | 'window-closed' | 'wrong-key';

export interface BackupErrorOptions {
    readonly cause?: unknown;
    readonly details?: ErrorDetails | undefined;
    readonly activity?: Activity | undefined;
}

export type BackupEvent = {
    readonly kind: 'eligibility';
    readonly destination: Destination;
    readonly eligibility: Eligibility;
} | {
    readonly kind: 'phase';
    readonly phase: BackupPhase;
    readonly destination?: Destination;
} | {
    readonly kind: 'snapshot';
    readonly event: SnapshotEvent;
} | {
    readonly kind: 'read-progress';
    readonly progress: DumpProgress;
} | {
    readonly kind: 'transfer-progress';
    readonly phase: 'publish' | 'verify';
    readonly destination: Destination;
    readonly transferredBytes: number;
    readonly totalBytes: number;
} | {
    readonly kind: 'read-again';
    readonly attempt: number;
} | {
    readonly kind: 'retry';
    readonly destination: Destination;
    readonly code: BackupErrorCode | 'unexpected';
    readonly retriesLeft: number;
} | {
    readonly kind: 'sealed';
    readonly destination: Destination;
    readonly copy: CopyReport;
} | {
    readonly kind: 'verified';
    readonly destination: Destination;
    readonly copy: CopyReport;
} | {
    readonly kind: 'removed';
    readonly destination: Destination;
    readonly key: string;
} | {
    readonly kind: 'warning';
    readonly warning: DumpWarning;
} | {
    readonly kind: 'alert-raised';
    readonly alert: Alert;
} | {
    readonly kind: 'alert-cleared';
    readonly code: AlertCode;
} | {
    readonly kind: 'copies-read';
    readonly place: ScrubbedPlace;
} | {
    readonly kind: 'finished';
    readonly report: BackupReport;
};

export type BackupPhase = 'admin' | 'publish' | 'read' | 'retention' | 'snapshot' | 'verify';

export interface BackupReport {
    readonly reportVersion: 1;
    readonly practiceId: string;
    readonly night: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly outcome: 'complete' | 'failed' | 'nothing-due' | 'partial';
    readonly database?: {
        readonly name: string;
        readonly server: string;
    };
    readonly keyHolder?: {
        readonly userNum: string;
        readonly userName: string;
        readonly unlock: 'enrolled' | 'none' | 'stored-hash';
    };
    readonly recoveryKits?: readonly {
        readonly id: string;
        readonly owner: string;
        readonly createdAt: string;
    }[];
    readonly opening?: {
        readonly userNum: string;
        readonly userName: string;
        readonly lastOpenedAt: string;
        readonly places: readonly OpenedPlace[];
    };
    readonly openingFindings?: readonly string[];
    readonly consistency?: Consistency;
    readonly lockSeconds?: number;
    readonly readSeconds?: number;
    readonly destinations: readonly DestinationReport[];
    readonly changes?: readonly ReportedChange[];
    readonly unchangedSince?: string;
    readonly signedWith?: string;
    readonly looksLikeLoss?: readonly string[];
    readonly warnings: readonly DumpWarning[];
    readonly rehearsal?: {
        readonly ok: boolean;
        readonly summary: string;
    };
}

export interface BackupSettings {
    readonly status: Practice['status'];
    readonly networkPath: string;
    readonly lastLocalCopy: Date | null;
}

export type ByteSource = Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array> | Blob;

export interface CanOpenMap {
    readonly archives: readonly ArchiveAccess[];
    readonly warnings: readonly KeyWarning[];
}

export interface Catalog {
    readonly database: string;
    readonly createStatement: string;
    readonly characterSet: string;
    readonly collation: string;
    readonly server: ServerDescription;
    readonly tables: readonly CatalogTable[];
    readonly objects: readonly CatalogObject[];
    readonly hidesSessions?: true;
    readonly unseen?: readonly LeftOut[];
    readonly warnings: readonly DumpWarning[];
}

export interface CatalogObject {
    readonly kind: SchemaObjectKind;
    readonly name: string;
    readonly table?: string;
}

export interface CatalogTable {
    readonly name: string;
    readonly engine: string;
    readonly transactional: boolean;
    readonly rowsEstimate: number;
    readonly dataBytes: number;
    readonly indexBytes: number;
    readonly versioned: boolean;
    readonly columns: readonly ColumnDescription[];
    readonly primaryKey: readonly string[];
    readonly rowsElsewhere?: string;
    readonly damage?: string;
    readonly outOfReach?: true;
}

export interface CertifiedTable {
    readonly name: string;
    readonly rows: number;
    readonly hash: string;
}

export interface ChainLink {
    readonly epoch: number;
    readonly recipient: string;
    readonly sealedIdentity: string;
}

export interface CheckFinding {
    readonly subject: CheckSubject;
    readonly verdict: 'good' | 'warning' | 'wrong';
    readonly message: string;
    readonly code?: BackupErrorCode | 'unexpected';
}

export interface CheckOptions {
    readonly schedule?: Omit<NightSchedule, 'timeZone'> | undefined;
    readonly signal?: AbortSignal | undefined;
}

export type CheckSubject = 'admin' | 'clock' | 'headquarters' | 'key' | 'login' | 'network-path' | 'privileges' | 'server' | 'settings' | 'spool' | 'window';

export interface Clock {
    now(): Date;
    sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
    deadline?(at: Date): Deadline;
}

export interface ColumnDescription {
    readonly name: string;
    readonly type: string;
    readonly characterSet: string | null;
    readonly nullable: boolean;
    readonly form: ValueForm | null;
}

export interface CompleteRestore extends RestoreFacts {
    readonly outcome: 'complete';
    readonly missing: readonly [
    ];
}

export interface ComputedContent {
    readonly columns: readonly string[];
    readonly hash: string;
    readonly timeZone?: string;
}

export interface Connection extends AsyncDisposable {
    readonly address: DatabaseAddress;
    readonly id: number;
    readonly lowerCaseTableNames: number;
    readonly foldsNames: boolean;
    query(sql: string, options?: QueryOptions): Promise<readonly TextRow[]>;
    queryEach(statements: readonly string[], options?: QueryOptions): Promise<readonly StatementAnswer[]>;
    close(): Promise<void>;
    readonly lost: boolean;
    destroy(): void;
}

export interface ConnectionOptions {
    readonly signal?: AbortSignal | undefined;
    readonly localInfile?: boolean | undefined;
    readonly inactivityTimeout?: number | undefined;
}

export type Consistency = {
    readonly kind: 'consistent';
    readonly by: 'lock' | 'lock-and-snapshot' | 'snapshot';
} | {
    readonly kind: 'per-table';
    readonly reason: string;
};

export type ConsistencyMode = 'auto' | 'lock' | 'per-table' | 'snapshot';

export interface CopyReport {
    readonly archiveId: string;
    readonly key: string;
    readonly night: string;
    readonly scope: ArchiveScope;
    readonly bytes: number;
    readonly sha256: string;
    readonly recipient?: string;
    readonly tables: number;
    readonly rows: number;
    readonly plainBytes: number;
    readonly leftOut: readonly LeftOut[];
    readonly verifiedAt?: string;
}

export type DamagedTables = 'leave-out' | 'refuse';

export interface DatabaseAddress {
    readonly host?: string | undefined;
    readonly port?: number | undefined;
    readonly user: string;
    readonly password?: string | (() => string | Promise<string>) | undefined;
    readonly database?: string | undefined;
    readonly socketPath?: string | undefined;
    readonly connect?: (() => Socket | Promise<Socket>) | undefined;
    readonly tls?: Readonly<Record<string, unknown>> | undefined;
    readonly serverPublicKey?: string | undefined;
    readonly getServerPublicKey?: boolean | undefined;
    readonly connectTimeout?: number | undefined;
}

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

export interface DatabaseSettingsOptions {
    readonly timeZone: string;
    readonly isDisabledByHq?: (() => boolean | Promise<boolean>) | undefined;
    readonly checkPath?: ((path: string) => Promise<void>) | undefined;
    readonly now?: (() => Date) | undefined;
}

export interface DateFilter {
    readonly column: string;
    readonly since: string;
    readonly unsetBefore: string;
}

export interface Deadline {
    readonly signal: AbortSignal;
    clear(): void;
}

export interface DecryptArchiveOptions extends ArchiveKeys {
    readonly signal?: AbortSignal | undefined;
}

export type Destination = 'hq' | 'local';

export interface DestinationPlan {
    readonly storage: StorageAdapter;
    readonly retention?: RetentionPolicy | 'keep-all' | undefined;
    readonly retry?: Omit<RetryOptions, 'onRetry'> | 'none' | undefined;
    readonly scrubEveryNights?: number | 'never' | undefined;
}

export interface DestinationReport {
    readonly destination: Destination;
    readonly outcome: 'failed' | 'not-due' | 'not-eligible' | 'verified' | 'waiting';
    readonly store?: string;
    readonly copy?: CopyReport;
    readonly caughtUp: readonly CopyReport[];
    readonly removed: readonly string[];
    readonly error?: {
        readonly code: BackupErrorCode | 'unexpected';
        readonly message: string;
    };
    readonly ineligible?: readonly IneligibilityReason[];
    readonly lastVerifiedAt?: string;
    readonly head?: SequenceHead;
    readonly readSince?: string;
    readonly unproven?: readonly string[];
    readonly troubles?: readonly string[];
}

export interface DumpOptions extends SnapshotOptions {
    readonly onProgress?: ((progress: DumpProgress) => void) | undefined;
    readonly partBytes?: number | undefined;
    readonly rangeBytes?: number | undefined;
}

export interface DumpProgress {
    readonly table: string;
    readonly tablesDone: number;
    readonly totalTables: number;
    readonly rows: number;
    readonly plainBytes: number;
    readonly storedBytes: number;
    readonly estimatedBytes: number;
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

export type Eligibility = {
    readonly eligible: true;
    readonly reasons: readonly [
    ];
} | {
    readonly eligible: false;
    readonly reasons: readonly [
        IneligibilityReason,
        ...IneligibilityReason[]
    ];
};

export type EligibilityExplanation = Readonly<Record<Destination, Eligibility>>;

export interface EncryptArchiveOptions {
    readonly recipients: readonly (string | Recipient)[];
    readonly label: LabelFields;
    readonly signal?: AbortSignal | undefined;
}

export interface Endorsement {
    readonly signer: string;
    readonly signature: string;
}

export interface EnrollOptions {
    readonly store: EnrollmentStore;
    readonly postQuantum?: boolean | undefined;
    readonly now?: Date | undefined;
    readonly labels?: readonly Pick<Label, 'createdAt' | 'keyHolder' | 'unlock'>[] | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface Enrolled {
    readonly enrollment: Enrollment;
    readonly warnings: readonly KeyWarning[];
}

export interface EnrolledUnlock {
    readonly kind: 'enrolled';
    readonly epoch: number;
    readonly recipient: string;
    readonly sealedIdentity: string;
    readonly chain?: readonly ChainLink[];
}

export interface Enrollment extends KeyEpoch {
    readonly userNum: string;
    readonly userName: string;
    readonly revision: number;
    readonly mark: string;
    readonly resting?: KeyEpoch;
    readonly signer?: string;
    readonly signature?: string;
    readonly endorsements?: readonly Endorsement[];
    readonly opening?: Opening;
}

export interface EnrollmentStore {
    load(userNum: string, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<Enrollment | null>;
    save(enrollment: Enrollment, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<boolean>;
    discardUnreadable?(userNum: string, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
}

export interface ErrorAdvice {
    readonly safe: string;
    readonly action: string;
}

export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ErrorExplanation extends ErrorAdvice {
    readonly what: string;
    readonly during: Readonly<Partial<Record<Activity, Partial<ErrorAdvice>>>>;
}

export interface EvidenceOfNight {
    readonly report: BackupReport;
    readonly spool: string;
    readonly asOf: Date;
    readonly stores: readonly {
        readonly place: Destination;
        readonly storage: StorageAdapter;
    }[];
    readonly retention: Readonly<Record<string, RetentionPolicy | 'keep-all'>>;
    readonly trustedKeys: readonly string[];
}

export interface EvidencePlan {
    write(night: EvidenceOfNight, options: {
        readonly signal: AbortSignal;
    }): Promise<void>;
}

export interface FileAuditOptions {
    readonly path: string;
    readonly who?: string | undefined;
    readonly facts?: Readonly<Record<string, string>> | undefined;
    readonly onLost?: ((message: string) => void) | undefined;
    readonly now?: (() => Date) | undefined;
}

export interface FileLoggerOptions {
    readonly path: string;
    readonly maxBytes?: number | undefined;
    readonly keepFiles?: number | undefined;
    readonly debug?: boolean | undefined;
    readonly now?: (() => Date) | undefined;
}

export interface FileSystemStorageAdapter extends StorageAdapter, AsyncDisposable {
}

export interface FileSystemStorageOptions {
    readonly path: string;
    readonly reserveBytes?: number | undefined;
    readonly staleAfter?: number | undefined;
    readonly silence?: number | undefined;
    readonly ownProcess?: boolean | undefined;
}

export interface FormatVersion {
    readonly major: number;
    readonly minor: number;
}

export interface GetOptions {
    readonly range?: {
        readonly offset: number;
        readonly length?: number | undefined;
    } | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface HealthcheckOptions {
    readonly url: string;
    readonly timeout?: number | undefined;
    readonly fetch?: typeof fetch | undefined;
}

export type HistoryMode = 'all' | 'current';

export interface Identity {
    unwrapFileKey(stanzas: Stanza[]): Uint8Array | null | Promise<Uint8Array | null>;
}

export type IneligibilityCode = 'cloud-database' | 'country-unknown' | 'disabled' | 'disabled-by-hq' | 'no-business-associate-agreement' | 'no-econnector' | 'no-network-path' | 'not-in-us' | 'not-on-support';

export interface IneligibilityReason {
    readonly code: IneligibilityCode;
    readonly sentence: string;
}

export interface KeyEpoch {
    readonly epoch: number;
    readonly since: string;
    readonly unlock: Unlock;
}

export interface KeyHolder {
    readonly userNum: string;
    readonly userName: string;
}

export interface KeyPlan {
    readonly store?: EnrollmentStore | undefined;
    readonly policy?: KeyPolicy | undefined;
    readonly postQuantum?: boolean | undefined;
    readonly furtherRecipients?: readonly string[] | undefined;
    readonly kits?: KitStore | undefined;
}

export type KeyPolicy = 'enrolled-only' | 'prefer-enrolled' | 'stored-hash';

export interface KeyWarning {
    readonly code: KeyWarningCode;
    readonly message: string;
}

export type KeyWarningCode = 'chain-broken' | 'chain-shortened' | 'clock-ahead' | 'enrollment-stale' | 'holder-gone' | 'key-exchanged' | 'key-unproven' | 'kit-unreadable' | 'one-person' | 'password-equals-user-name' | 'password-short' | 'password-unverified' | 'password-weak' | 'record-changed' | 'record-unreadable' | 'stored-hash';

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

export type LastAdmin = {
    readonly kind: 'found';
    readonly admin: AdminCandidate;
    readonly warnings: readonly KeyWarning[];
} | {
    readonly kind: 'unsupported-hash';
    readonly admin: AdminCandidate;
    readonly sentence: string;
    readonly warnings: readonly KeyWarning[];
} | {
    readonly kind: 'no-password';
    readonly user: KeyHolder;
    readonly sentence: string;
    readonly warnings: readonly KeyWarning[];
} | {
    readonly kind: 'never-logged-in';
    readonly users: readonly KeyHolder[];
    readonly sentence: string;
    readonly warnings: readonly KeyWarning[];
} | {
    readonly kind: 'no-admin';
    readonly users: readonly KeyHolder[];
    readonly sentence: string;
    readonly warnings: readonly KeyWarning[];
};

export interface LatestBackup extends ListedBackup {
    readonly passedOver: readonly ListedBackup[];
}

export interface LeftOut {
    readonly kind: 'table' | 'users' | SchemaObjectKind;
    readonly name: string;
    readonly reason: string;
}

export interface ListBackupsOptions {
    readonly practiceId?: string | undefined;
    readonly scope?: ArchiveScope | undefined;
    readonly trustedKeys?: readonly string[] | undefined;
    readonly origins?: boolean | undefined;
    readonly now?: Date | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface ListedBackup {
    readonly key: string;
    readonly size: number;
    readonly storedAt: Date;
    readonly label: Label | null;
    readonly origin?: OriginBeside;
    readonly unreadable?: BackupErrorCode;
}

export type LoadMethod = 'insert' | 'load-data';

export type LocalPlan = Omit<DestinationPlan, 'storage'> & {
    readonly storage?: StorageAdapter | undefined;
};

export type LockTimeoutOptions = {
    readonly [Name in keyof LockTimeouts]?: LockTimeouts[Name] | undefined;
};

export interface LockTimeouts {
    readonly grantSeconds: number;
    readonly pausesMs: readonly number[];
    readonly othersWaitSeconds: number;
}

export interface LockedTables {
    readonly session: Connection;
    readonly tables: readonly string[];
    release(): Promise<void>;
}

export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
    debug?(message: string, facts?: LogFacts): void;
    info(message: string, facts?: LogFacts): void;
    warning(message: string, facts?: LogFacts): void;
    error(message: string, facts?: LogFacts): void;
}

export interface LostRows {
    readonly fromRow: number | null;
    readonly toRow: number | null;
    readonly firstPart: number;
    readonly lastPart: number | null;
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

export interface MissingObject {
    readonly kind: SchemaObjectKind | 'check' | 'foreign-key' | 'key' | 'table';
    readonly name: string;
    readonly table?: string;
    readonly errno: number;
    readonly message: string;
    readonly code?: 'restore-changed-data' | 'restore-failed';
}

export interface NightCheck {
    readonly ok: boolean;
    readonly findings: readonly CheckFinding[];
}

export interface NightOutcome {
    readonly practiceId: string;
    readonly night: string;
    readonly ok: boolean;
    readonly summary: string;
}

export interface NightPlan {
    readonly practiceId: string;
    readonly practice: Practice;
    readonly database: DatabaseAddress;
    readonly timeZone: string;
    readonly spool: string;
    readonly hq?: DestinationPlan | undefined;
    readonly local?: LocalPlan | undefined;
    readonly signer?: Signer | undefined;
    readonly trustedKeys?: readonly string[] | undefined;
    readonly loss?: LossThresholds | 'off' | undefined;
    readonly keys?: KeyPlan | undefined;
    readonly settings?: SettingsStore | undefined;
    readonly alerts?: AlertSink | undefined;
    readonly alertThresholds?: AlertThresholds | 'strict' | undefined;
    readonly logger?: Logger | undefined;
    readonly tables?: TablePolicy | undefined;
    readonly consistency?: ConsistencyMode | undefined;
    readonly connections?: number | undefined;
    readonly damagedTables?: DamagedTables | undefined;
    readonly history?: HistoryMode | undefined;
    readonly timeouts?: LockTimeoutOptions | undefined;
    readonly spoolReserveBytes?: number | undefined;
    readonly scrubMinutes?: number | undefined;
    readonly rehearsal?: RehearsalPlan | undefined;
    readonly evidence?: EvidencePlan | undefined;
    readonly now?: (() => Date) | undefined;
}

export interface NightSchedule {
    readonly timeZone: string;
    readonly opens?: string | undefined;
    readonly closes?: string | undefined;
    readonly lastStartBeforeCloseMinutes?: number | undefined;
    readonly hqTime?: string | Date | undefined;
    readonly localEveryNights?: number | undefined;
    readonly catchUp?: 'at-once' | 'next-night' | undefined;
    readonly attemptsPerNight?: number | undefined;
    readonly retryAfterMinutes?: number | undefined;
}

export interface NightlyOptions {
    readonly signal: AbortSignal;
    readonly schedule?: ServiceSchedule | ((options: {
        readonly signal: AbortSignal;
    }) => ServiceSchedule | Promise<ServiceSchedule>) | undefined;
    readonly onEvent?: ((event: BackupEvent) => void) | undefined;
    readonly onChecked?: ((check: NightCheck) => void) | undefined;
    readonly onPlanned?: ((run: PlannedRun | null) => void) | undefined;
    readonly clock?: Clock | undefined;
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

export interface PartialRestore extends RestoreFacts {
    readonly outcome: 'partial';
    readonly missing: readonly [
        MissingObject,
        ...MissingObject[]
    ];
}

export type Password = string | Uint8Array;

export interface PinnedKey {
    readonly userNum: string;
    readonly userName: string;
    readonly mark: string;
    readonly recordMark: string;
    readonly unlock: Unlock;
    readonly signer?: string;
}

export interface PlannedRun {
    readonly at: Date;
    readonly night: string;
    readonly deadline: Date;
    readonly destinations: readonly Destination[];
    readonly kind: 'catch-up' | 'hq-time' | 'late' | 'retry' | 'scheduled';
}

export interface Practice {
    readonly onSupport: boolean;
    readonly hasEConnector: boolean;
    readonly cloudDatabase: boolean;
    readonly status: 'disabled' | 'disabled-by-hq' | 'enabled';
    readonly country: string;
    readonly businessAssociateAgreement?: 'missing' | 'on-record' | undefined;
    readonly networkPath?: string | undefined;
}

export interface PromisedTable {
    readonly index: number;
    readonly name: string;
    readonly tier: string;
}

export interface PutOptions {
    readonly ifAbsent?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

export interface QueryOptions {
    readonly signal?: AbortSignal | undefined;
}

export interface RangeSource {
    readonly size: number;
    read(offset: number, length: number, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<Uint8Array>;
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

export interface RecipientShown {
    readonly recipient: string;
    readonly fingerprint: string;
}

export interface RefusedDefinition {
    readonly kind: 'table' | SchemaObject['kind'];
    readonly name: string;
    readonly message: string;
}

export interface RehearsalPlan {
    readonly everyNights: number;
    readonly run: (report: BackupReport, options: {
        readonly signal?: AbortSignal | undefined;
    }) => Promise<{
        readonly ok: boolean;
        readonly summary: string;
    }>;
}

export interface RehearseOptions extends Pick<RestoreOptions, 'adapt' | 'audit' | 'connections' | 'definers' | 'method' | 'onProgress' | 'signal' | 'tables'> {
    readonly against?: DatabaseAddress | DatabaseFingerprint | undefined;
    readonly scratchName?: string | undefined;
}

export interface ReplayableSource {
    readonly size: number;
    readonly sha256?: string | undefined;
    open(start?: number, end?: number): ByteSource;
}

export interface ReportedChange {
    readonly what: 'key-holder' | 'network-path' | 'recipient' | 'status';
    readonly before: string;
    readonly after: string;
}

export type RestoreAllowance = 'directories' | 'outside-engines';

export interface RestoreCertificate {
    readonly rehearsedAt: string;
    readonly archiveId: string | null;
    readonly database: string;
    readonly snapshotAt: string;
    readonly server: string;
    readonly provenAgainst: 'archive' | 'fingerprint' | 'source';
    readonly equal: boolean;
    readonly tables: readonly CertifiedTable[];
    readonly rows: number;
    readonly objects: number;
    readonly restoreSeconds: number;
    readonly comparisonSeconds: number;
    readonly differences: readonly Difference[];
    readonly notTested: readonly string[];
    readonly notes: readonly RestoreNote[];
}

export interface RestoreFacts {
    readonly database: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly snapshotAt: string;
    readonly scheduleUsableAt?: string;
    readonly tables: readonly RestoredTable[];
    readonly objects: readonly RestoredObject[];
    readonly method: LoadMethod;
    readonly definers: readonly string[];
    readonly rights: RestoreRights;
    readonly notes: readonly RestoreNote[];
}

export interface RestoreNote {
    readonly code: RestoreNoteCode;
    readonly message: string;
}

export type RestoreNoteCode = 'adapted' | 'broken-at-source' | 'character-set-changed' | 'computed-differently' | 'definition-changed' | 'definition-only' | 'event-over' | 'label-damaged' | 'left-out' | 'names-its-source' | 'not-restored' | 'resumed' | 'rows-filtered' | 'table-incomplete';

export interface RestoreObstacle {
    readonly severity: 'blocks' | 'changes' | 'note';
    readonly code: RestoreObstacleCode;
    readonly message: string;
}

export type RestoreObstacleCode = 'definer-missing' | 'definition-only' | 'definition-refused' | 'definitions-untried' | 'event-over' | 'events-rest' | 'history-unsupported' | 'names-collide' | 'names-its-source' | 'no-load-data' | 'object-left-out' | 'places-taken' | 'privilege-missing' | 'read-only' | 'rows-filtered' | 'sessions-hidden' | 'table-incomplete' | 'table-renamed' | 'target-not-empty' | 'target-replaced' | 'target-unfinished' | 'unknown-character-set' | 'unknown-collation' | 'unknown-engine' | 'unknown-sql-mode';

export interface RestoreOptions {
    readonly replace?: boolean | undefined;
    readonly tables?: readonly string[] | undefined;
    readonly objects?: boolean | undefined;
    readonly programs?: boolean | undefined;
    readonly resume?: boolean | undefined;
    readonly connections?: number | undefined;
    readonly definers?: 'keep' | 'strip' | undefined;
    readonly events?: 'as-found' | 'disabled' | undefined;
    readonly adapt?: boolean | undefined;
    readonly allow?: readonly RestoreAllowance[] | undefined;
    readonly method?: LoadMethod | 'auto' | undefined;
    readonly standstillTimeout?: number | undefined;
    readonly audit?: AuditLog | undefined;
    readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface RestorePlan {
    readonly database: string;
    readonly state: TargetState;
    readonly server: {
        readonly vendor: 'mariadb' | 'mysql';
        readonly version: string;
    };
    readonly source: {
        readonly vendor: 'mariadb' | 'mysql';
        readonly version: string;
    };
    readonly method: LoadMethod;
    readonly tables: readonly RestorePlanTable[];
    readonly objects: readonly Pick<SchemaObject, 'kind' | 'name'>[];
    readonly rows: number;
    readonly plainBytes: number;
    readonly storedBytes: number;
    readonly obstacles: readonly RestoreObstacle[];
    readonly possible: boolean;
}

export interface RestorePlanTable {
    readonly name: string;
    readonly engine: string;
    readonly rows: number;
    readonly plainBytes: number;
}

export interface RestoreProgress {
    readonly phase: 'keys' | 'objects' | 'rows' | 'schedule-usable';
    readonly table: string;
    readonly tablesDone: number;
    readonly totalTables?: number;
    readonly rows: number;
    readonly plainBytes: number;
    readonly totalPlainBytes?: number;
}

export type RestoreReport = CompleteRestore | PartialRestore;

export type RestoreRights = {
    readonly kind: 'own-account';
} | {
    readonly kind: 'login';
    readonly isPrivileged: boolean;
};

export interface RestoredObject {
    readonly kind: SchemaObjectKind;
    readonly name: string;
}

export interface RestoredTable {
    readonly name: string;
    readonly rows: number;
}

export interface RetentionPolicy {
    readonly daily?: string | undefined;
    readonly weekly?: string | undefined;
    readonly monthly?: string | undefined;
    readonly yearly?: string | undefined;
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

export interface RunOptions {
    readonly destinations?: readonly Destination[] | undefined;
    readonly night?: string | undefined;
    readonly deadline?: Date | undefined;
    readonly scheduled?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onEvent?: ((event: BackupEvent) => void) | undefined;
}

export interface SalvageOptions extends ArchiveKeys, Omit<RestoreOptions, 'resume'> {
    readonly unproven?: boolean | undefined;
}

export interface SalvageReport {
    readonly restore: RestoreReport;
    readonly whole: boolean;
    readonly absent: readonly AbsentTable[];
    readonly tables: readonly SalvagedTable[];
    readonly unproven: UnprovenFiles;
    readonly losses: readonly string[];
}

export interface SalvagedTable {
    readonly name: string;
    readonly rows: number;
    readonly expectedRows: number | null;
    readonly whole: boolean;
    readonly lost: readonly LostRows[];
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

export interface Seal {
    readonly recipients: readonly [
        string,
        ...string[]
    ];
    readonly keyHolder: KeyHolder;
    readonly unlock: readonly [
        Unlock,
        ...Unlock[]
    ];
    readonly warnings: readonly KeyWarning[];
    readonly pin?: PinnedKey;
}

export interface SealForOptions {
    readonly store: EnrollmentStore;
    readonly policy?: KeyPolicy | undefined;
    readonly postQuantum?: boolean | undefined;
    readonly now?: Date | undefined;
    readonly pinned?: PinnedKey | null | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface SealedArchive extends AsyncIterable<Uint8Array> {
    readonly label: Label;
    readonly manifest: Promise<Manifest>;
    toReadableStream(): ReadableStream<Uint8Array>;
}

export declare class Secret {
    #private;
    constructor(text: string);
    reveal(): string;
    toString(): string;
    toJSON(): string;
}

export interface SelectedRows extends RowFilter {
    readonly dates?: DateFilter;
}

export interface SelectedTable {
    readonly name: string;
    readonly tier: TableTier;
    readonly rowFilter?: SelectedRows;
    readonly definitionOnly?: string;
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

export type ServiceSchedule = Omit<NightSchedule, 'timeZone'>;

export interface SessionPerTable {
    sessionFor(table: string): Connection;
}

export interface SettingsAuthor {
    readonly userNum: string;
    readonly computer?: string | undefined;
}

export interface SettingsChange {
    readonly enabled?: boolean | undefined;
    readonly networkPath?: string | undefined;
}

export interface SettingsStore {
    read(options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<BackupSettings>;
    save(change: SettingsChange, author: SettingsAuthor, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<BackupSettings>;
    lastRecorded?(options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<SettingsChange>;
    recordLocalCopy(verifiedAt: Date, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
    keptHeads?(options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<readonly KeptHeads[]>;
    keepHeads?(heads: KeptHeads, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
}

export interface SizeBudget {
    readonly archiveBytes: number;
    readonly compressedTo?: number | undefined;
}

export interface Snapshot extends AsyncDisposable {
    readonly catalog: Catalog;
    readonly selection: TableSelection;
    readonly consistency: Consistency;
    readonly startedAt: Date;
    readonly takenAt: Date;
    readonly position: Readonly<Record<string, string>> | undefined;
    readonly warnings: readonly DumpWarning[];
    sessionFor(table: string): Connection;
    readonly broken: AbortSignal;
    lockSeconds(): number;
    close(): Promise<void>;
}

export type SnapshotEvent = {
    readonly kind: 'locks-refused';
    readonly attempt: number;
    readonly retryInMs: number | null;
} | {
    readonly kind: 'opened';
    readonly consistency: Consistency;
} | {
    readonly kind: 'unlocked';
    readonly lockSeconds: number;
};

export interface SnapshotOptions {
    readonly selection?: TableSelection | ((catalog: Catalog) => TableSelection) | undefined;
    readonly consistency?: ConsistencyMode | undefined;
    readonly connections?: number | undefined;
    readonly damagedTables?: DamagedTables | undefined;
    readonly history?: HistoryMode | undefined;
    readonly timeouts?: LockTimeoutOptions | undefined;
    readonly inactivityTimeout?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onEvent?: ((event: SnapshotEvent) => void) | undefined;
}

export interface StartAgainOptions {
    readonly attempts?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onRestart?: ((attempt: number, cause: Error) => void) | undefined;
}

export type StatementAnswer = {
    readonly rows: readonly TextRow[];
    readonly error?: never;
} | {
    readonly error: unknown;
    readonly rows?: never;
};

export interface StorageAdapter {
    readonly description: string;
    readonly capabilities: StorageCapabilities;
    put(key: string, source: ReplayableSource, options?: PutOptions): Promise<StoredObject>;
    get(key: string, options?: GetOptions): AsyncIterable<Uint8Array>;
    stat(key: string, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<StoredObject | null>;
    list(prefix: string, options?: {
        readonly signal?: AbortSignal | undefined;
    }): AsyncIterable<StoredObject>;
    delete(key: string, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
    retainUntil?(key: string, until: Date, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<void>;
    classify(error: unknown): StorageFailure;
}

export interface StorageCapabilities {
    readonly atomicIfAbsent: boolean;
    readonly ranges: boolean;
    readonly resumablePut: boolean;
    readonly overwrite: boolean;
    readonly delete: boolean;
}

export type StorageFailure = 'exists' | 'full' | 'not-found' | 'permanent' | 'transient';

export interface StoredHashUnlock {
    readonly kind: 'stored-hash';
    readonly hashType: string;
    readonly salt: string;
    readonly recipient: string;
    readonly sealedIdentity: string;
}

export interface StoredObject {
    readonly key: string;
    readonly size: number;
    readonly modifiedAt: Date;
    readonly etag?: string | undefined;
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

export interface TablePattern extends TableRule {
    readonly glob: string;
}

export interface TablePolicy {
    readonly name: string;
    readonly tables: TableRules;
    readonly patterns: readonly TablePattern[];
    readonly references: TableReferences;
    readonly keep?: readonly TableTier[] | undefined;
    readonly include?: readonly string[] | undefined;
    readonly exclude?: readonly string[] | undefined;
    readonly logsSince?: string | undefined;
    readonly budget?: SizeBudget | undefined;
}

export type TableReferences = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface TableRule {
    readonly tier: TableTier;
    readonly reason: string;
    readonly logDate?: string | undefined;
    readonly compressedTo?: number | undefined;
}

export type TableRules = Readonly<Record<string, TableRule>>;

export interface TableSelection {
    readonly scope: 'critical' | 'full';
    readonly tables: readonly SelectedTable[];
    readonly leftOut: readonly LeftOut[];
    readonly warnings: readonly DumpWarning[];
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

export type TableTier = 'code-list' | 'critical' | 'important' | 'leftover' | 'optional' | 'recreatable' | 'transient' | 'unclassified';

export type TargetState = 'absent' | 'empty' | 'filled' | 'unfinished';

export type TextRow = Readonly<Record<string, string | null>>;

export interface TransferProgress {
    readonly transferredBytes: number;
    readonly totalBytes: number;
}

export type Unlock = EnrolledUnlock | StoredHashUnlock;

export interface UnprovenFiles {
    readonly count: number;
    readonly names: readonly string[];
    readonly fate: 'foreign' | 'left-out' | 'restored';
}

export type ValueForm = 'bytes' | 'date' | 'datetime' | 'f32' | 'f64' | 'i16' | 'i32' | 'i64' | 'i8' | 'time' | 'u16' | 'u32' | 'u64' | 'u8';

export interface Verification {
    readonly label: Label | null;
    readonly isLabelDamaged: boolean;
    readonly manifest: Manifest;
    readonly tables: number;
    readonly incompleteTables: readonly string[];
    readonly refusedDefinitions: readonly RefusedDefinition[];
    readonly rows: number;
    readonly plainBytes: number;
    readonly storedBytes: number;
}

export interface VerifyOptions extends ArchiveKeys {
    readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface VerifyProgress {
    readonly table: string;
    readonly rows: number;
    readonly storedBytes: number;
}

export declare function changeAdminPassword(admin: AdminPassword, passwords: {
    readonly oldPassword: Password;
    readonly newPassword: Password;
}, options: EnrollOptions): Promise<Enrolled>;

export declare function checkNight(plan: NightPlan, options?: CheckOptions): Promise<NightCheck>;

export declare function createDatabaseAlerts(address: DatabaseAddress, options: {
    readonly timeZone: string;
    readonly now?: (() => Date) | undefined;
}): AlertSink;

export declare function createDatabaseEnrollments(address: DatabaseAddress): EnrollmentStore;

export declare function createDatabaseSettings(address: DatabaseAddress, options: DatabaseSettingsOptions): SettingsStore;

export declare function createFileAudit(options: FileAuditOptions): AuditLog;

export declare function createFileEnrollments(options: {
    readonly path: string;
}): EnrollmentStore;

export declare function createFileLogger(options: FileLoggerOptions): Logger;

export declare function createFileSystemStorage(options: FileSystemStorageOptions): FileSystemStorageAdapter;

export declare function createHealthcheckAlerts(options: HealthcheckOptions): AlertSink;

export declare function decryptArchive(source: ByteSource, options: DecryptArchiveOptions): OpenedArchive;

export declare function dumpDatabase(source: DatabaseAddress | Snapshot, options?: DumpOptions): AsyncGenerator<Part, void, undefined>;

export declare function encryptArchive(parts: AsyncIterable<Part>, options: EncryptArchiveOptions): SealedArchive;

export declare function enrollAdmin(admin: AdminPassword, password: Password, options: EnrollOptions): Promise<Enrolled>;

export declare const errorExplanations: Readonly<Record<BackupErrorCode, ErrorExplanation>>;

export declare function explainEligibility(practice: Practice): EligibilityExplanation;

export declare function findLatestBackup(store: StorageAdapter, options: ListBackupsOptions & {
    readonly practiceId: string;
}): Promise<LatestBackup | null>;

export declare function isBackupError<Code extends BackupErrorCode = BackupErrorCode>(thrown: unknown, code?: Code): thrown is BackupError & {
    readonly code: Code;
};

export declare function isEligible(practice: Practice, destination: Destination): boolean;

export declare function listBackups(store: StorageAdapter, options?: ListBackupsOptions): Promise<readonly ListedBackup[]>;

export declare function openArchive(source: RangeSource, options: OpenArchiveOptions): Promise<ArchiveReader>;

export declare function openConnection(address: DatabaseAddress, options?: ConnectionOptions): Promise<Connection>;

export declare const openDentalPolicy: TablePolicy;

export declare function openSnapshot(address: DatabaseAddress, options?: SnapshotOptions): Promise<Snapshot>;

export declare function parseDatabaseUrl(url: string): DatabaseAddress & {
    readonly password?: string;
};

export declare function planRestore(archive: ArchiveReader, target: DatabaseAddress, options?: RestoreOptions): Promise<RestorePlan>;

export declare function rangeSourceOf(adapter: StorageAdapter, key: string, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<RangeSource>;

export declare function readAdmins(source: Connection | SessionPerTable, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<readonly AdminCandidate[]>;

export declare function readCatalog(connection: Connection, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<Catalog>;

export declare function rehearseRestore(source: ArchiveReader, server: DatabaseAddress, options?: RehearseOptions): Promise<RestoreCertificate>;

export declare function renderReport(report: BackupReport): string;

export declare function resolveLastAdmin(candidates: readonly AdminCandidate[], options: {
    readonly asOf: Date;
}): LastAdmin;

export declare function restoreDatabase(source: ArchiveReader | AsyncIterable<Part>, target: DatabaseAddress, options?: RestoreOptions): Promise<RestoreReport>;

export declare function runSupplementalBackup(plan: NightPlan, options?: RunOptions): Promise<BackupReport>;

export declare function salvageArchive(source: RangeSource, target: DatabaseAddress, options: SalvageOptions): Promise<SalvageReport>;

export declare function sealFor(last: LastAdmin, options: SealForOptions): Promise<Seal>;

export declare function selectAllTables(catalog: Catalog): TableSelection;

export declare function selectCriticalTables(catalog: Catalog, policy?: TablePolicy): TableSelection;

export declare function startAgainOnChange<T>(run: (attempt: number) => Promise<T>, options?: StartAgainOptions): Promise<T>;

export declare function startNightly(plan: NightPlan, options: NightlyOptions): Promise<void>;

export declare function verifyAdminPassword(admin: AdminPassword, password: Password): boolean;

export declare function verifyArchive(source: ByteSource | RangeSource, options: VerifyOptions): Promise<Verification>;

export declare function whoCanOpen(labels: readonly Label[], options?: {
    readonly admins?: readonly AdminCandidate[] | undefined;
}): CanOpenMap;
