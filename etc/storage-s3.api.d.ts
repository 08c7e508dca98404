export interface BucketAddress {
    readonly bucket: string;
    readonly prefix?: string | undefined;
    readonly connection: S3ClientConfig;
}

export interface PartRetry {
    readonly retries?: number | undefined;
    readonly minTimeout?: number | undefined;
    readonly maxTimeout?: number | undefined;
}

export interface Retention {
    readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
    readonly days: number;
}

export interface S3Storage extends StorageAdapter {
    asOf(moment: Date): StorageAdapter;
    discardUnfinished(options: {
        readonly olderThan: Date;
        readonly prefix?: string | undefined;
        readonly signal?: AbortSignal | undefined;
    }): Promise<number>;
}

export interface S3StorageOptions extends BucketAddress {
    readonly partSize?: number | undefined;
    readonly concurrency?: number | undefined;
    readonly journal?: UploadJournal | undefined;
    readonly partRetry?: PartRetry | undefined;
    readonly retention?: Retention | undefined;
    readonly conditionalWrites?: boolean | undefined;
    readonly pageSize?: number | undefined;
    readonly now?: (() => Date) | undefined;
}

export interface UploadGrant {
    answer(message: unknown): Promise<HandOverReply>;
    respond(request: Request): Promise<Response>;
}

export interface UploadGrantOptions extends BucketAddress {
    readonly keysUnder: string;
    readonly maximumSize?: number | undefined;
    readonly secret?: string | Uint8Array | undefined;
    readonly urlLifetime?: number | undefined;
    readonly publicEndpoint?: string | undefined;
    readonly retention?: Retention | undefined;
    readonly now?: (() => Date) | undefined;
}

export interface UploadJournal {
    read(name: string): Promise<UploadRecord | null>;
    begin(record: UploadRecord): Promise<void>;
    add(name: string, part: UploadedPart): Promise<void>;
    end(name: string): Promise<void>;
}

export interface UploadRecord {
    readonly name: string;
    readonly uploadId: string;
    readonly size: number;
    readonly sha256?: string | undefined;
    readonly partSize: number;
    readonly parts: readonly UploadedPart[];
}

export interface UploadedPart {
    readonly number: number;
    readonly size: number;
    readonly md5: string;
    readonly etag: string;
}

export declare function createFileUploadJournal(folder: string): UploadJournal;

export declare function createMemoryUploadJournal(): UploadJournal;

export declare function createS3Storage(options: S3StorageOptions): S3Storage;

export declare function createUploadGrant(options: UploadGrantOptions): UploadGrant;
