export interface ContractCheck {
    readonly name: string;
    run(): Promise<void>;
}

export interface ContractSubject {
    readonly create: () => StorageAdapter | Promise<StorageAdapter>;
    readonly prefix?: string | undefined;
    readonly severalParts?: number | undefined;
    readonly severalPages?: number | undefined;
    readonly secrets?: readonly string[] | undefined;
    readonly broken?: readonly (() => StorageAdapter | Promise<StorageAdapter>)[] | undefined;
    readonly settleWithin?: number | undefined;
}

export declare class ContractViolation extends Error {
    readonly name: 'ContractViolation';
}

export interface EventuallyConsistentOptions {
    readonly lag: number;
    readonly now?: (() => number) | undefined;
}

export interface MemoryAlerts extends AlertSink {
    readonly standing: ReadonlyMap<AlertCode, Alert>;
    readonly raised: readonly Alert[];
    readonly nights: readonly NightOutcome[];
}

export interface MemorySettings extends SettingsStore {
    readonly audit: readonly SettingsAuditLine[];
}

export interface MemoryStorageOptions {
    readonly now?: (() => Date) | undefined;
}

export interface SettingsAuditLine extends SettingsAuthor {
    readonly at: Date;
    readonly text: string;
}

export interface SlowStorageOptions {
    readonly pause: (what: 'call' | 'chunk') => Promise<void>;
}

export interface StorageCall {
    readonly operation: 'put' | 'get' | 'stat' | 'list' | 'delete';
    readonly key: string;
    readonly earlier: number;
}

export type StorageFault = {
    readonly kind: 'refused';
    readonly error?: Error | undefined;
} | {
    readonly kind: 'answer-lost';
    readonly error?: Error | undefined;
} | {
    readonly kind: 'broken-off';
    readonly after: number;
    readonly error?: Error | undefined;
} | {
    readonly kind: 'flipped';
    readonly at: number;
};

export declare function createEventuallyConsistentStorage(inner: StorageAdapter, options: EventuallyConsistentOptions): StorageAdapter;

export declare function createFaultyStorage(inner: StorageAdapter, faultOf: (call: StorageCall) => StorageFault | undefined): StorageAdapter;

export declare function createMemoryAlerts(): MemoryAlerts;

export declare function createMemoryEnrollments(): EnrollmentStore;

export declare function createMemorySettings(initial?: {
    readonly [Name in keyof BackupSettings]?: BackupSettings[Name] | undefined;
}, options?: {
    readonly checkPath?: ((path: string) => Promise<void>) | undefined;
    readonly now?: (() => Date) | undefined;
}): MemorySettings;

export declare function createMemoryStorage(options?: MemoryStorageOptions): StorageAdapter;

export declare function createSlowStorage(inner: StorageAdapter, options: SlowStorageOptions): StorageAdapter;

export declare function storageContract(subject: ContractSubject): readonly ContractCheck[];
