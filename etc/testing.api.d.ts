export interface ContractCheck {
    readonly name: string;
    run(): Promise<void>;
}

export interface ContractSubject {
    readonly create: () => StorageAdapter | Promise<StorageAdapter>;
    readonly prefix?: string;
    readonly severalParts?: number;
    readonly severalPages?: number;
    readonly secrets?: readonly string[];
    readonly broken?: readonly (() => StorageAdapter | Promise<StorageAdapter>)[];
    readonly settleWithin?: number;
}

export declare class ContractViolation extends Error {
    readonly name: 'ContractViolation';
}

export interface EventuallyConsistentOptions {
    readonly lag: number;
    readonly now?: () => number;
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
    readonly error?: Error;
} | {
    readonly kind: 'answer-lost';
    readonly error?: Error;
} | {
    readonly kind: 'broken-off';
    readonly after: number;
    readonly error?: Error;
} | {
    readonly kind: 'flipped';
    readonly at: number;
};

export declare function createEventuallyConsistentStorage(inner: StorageAdapter, options: EventuallyConsistentOptions): StorageAdapter;

export declare function createFaultyStorage(inner: StorageAdapter, faultOf: (call: StorageCall) => StorageFault | undefined): StorageAdapter;

export declare function createSlowStorage(inner: StorageAdapter, options: SlowStorageOptions): StorageAdapter;

export declare function storageContract(subject: ContractSubject): readonly ContractCheck[];
