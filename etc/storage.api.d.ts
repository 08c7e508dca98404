export interface FileSystemStorageOptions {
    readonly path: string;
    readonly reserveBytes?: number | undefined;
    readonly staleAfter?: number | undefined;
    readonly silence?: number | undefined;
    readonly ownProcess?: boolean | undefined;
}

export interface GetOptions {
    readonly range?: {
        readonly offset: number;
        readonly length?: number | undefined;
    } | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface PutOptions {
    readonly ifAbsent?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

export interface ReplayableSource {
    readonly size: number;
    readonly sha256?: string | undefined;
    open(start?: number, end?: number): ByteSource;
}

export interface RetryOptions {
    readonly retries?: number | undefined;
    readonly minTimeout?: number | undefined;
    readonly maxTimeout?: number | undefined;
    readonly onRetry?: ((retry: StorageRetry) => void) | undefined;
}

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

export interface StorageBasics {
    readonly description: string;
    readonly capabilities: Omit<StorageCapabilities, 'resumablePut'> & Partial<StorageCapabilities>;
    put(key: string, bytes: AsyncIterable<Uint8Array>, how: {
        readonly size: number;
        readonly sha256?: string;
        readonly ifAbsent: boolean;
        readonly signal?: AbortSignal;
    }): Promise<StoredObject>;
    get(key: string, range: {
        readonly start: number;
        readonly end: number;
        readonly signal?: AbortSignal;
    }): AsyncIterable<Uint8Array>;
    stat(key: string, how: {
        readonly signal?: AbortSignal;
    }): Promise<StoredObject | null>;
    list(prefix: string, how: {
        readonly signal?: AbortSignal;
    }): AsyncIterable<StoredObject>;
    delete(key: string, how: {
        readonly signal?: AbortSignal;
    }): Promise<void>;
    classify?(error: unknown): StorageFailure;
}

export interface StorageCapabilities {
    readonly atomicIfAbsent: boolean;
    readonly ranges: boolean;
    readonly resumablePut: boolean;
    readonly overwrite: boolean;
    readonly delete: boolean;
}

export type StorageFailure = 'exists' | 'full' | 'not-found' | 'permanent' | 'transient';

export interface StorageLogEvent {
    readonly store: string;
    readonly operation: 'put' | 'get' | 'stat' | 'list' | 'delete' | 'retainUntil';
    readonly key: string;
    readonly milliseconds: number;
    readonly bytes?: number;
    readonly objects?: number;
    readonly failure?: string;
}

export interface StorageRetry {
    readonly operation: 'put' | 'get' | 'stat' | 'list' | 'delete' | 'retainUntil';
    readonly key: string;
    readonly error: Error;
    readonly retriesLeft: number;
}

export interface StoredObject {
    readonly key: string;
    readonly size: number;
    readonly modifiedAt: Date;
    readonly etag?: string | undefined;
}

export interface ThrottleOptions {
    readonly bytesPerSecond: number;
}

export interface TransferProgress {
    readonly transferredBytes: number;
    readonly totalBytes: number;
}

export declare function assertKey(key: string): void;

export declare function createCustomStorage(basics: StorageBasics): StorageAdapter;

export declare function createFileSystemStorage(options: FileSystemStorageOptions): FileSystemStorageAdapter;

export declare function rangeSourceOf(adapter: StorageAdapter, key: string, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<RangeSource>;

export declare function readChecked(source: ReplayableSource, signal?: AbortSignal): AsyncGenerator<Uint8Array>;

export declare function replayableBytes(bytes: Uint8Array): ReplayableSource;

export declare function replayableFile(path: string, options?: {
    readonly sha256?: string | undefined;
}): Promise<ReplayableSource>;

export declare function storageFailureOfConnection(error: unknown, description: string): BackupError;

export declare function storageFailureOfStatus(status: number, description: string): BackupError;

export declare function verifyStored(adapter: StorageAdapter, key: string, expected: {
    readonly size: number;
    readonly sha256: string;
}, options?: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}): Promise<void>;

export declare function withLog(adapter: StorageAdapter, log: (event: StorageLogEvent) => void): StorageAdapter;

export declare function withReadOnly(adapter: StorageAdapter): StorageAdapter;

export declare function withRetry(store: StorageAdapter, options?: RetryOptions): StorageAdapter;

export declare function withThrottle(adapter: StorageAdapter, options: ThrottleOptions): StorageAdapter;
