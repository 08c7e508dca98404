export interface BucketAddress {
    readonly bucket: string;
    readonly prefix?: string;
    readonly connection: S3ClientConfig;
}

export interface PartPatience {
    readonly retries?: number;
    readonly minTimeout?: number;
    readonly maxTimeout?: number;
}

export interface Retention {
    readonly mode: 'COMPLIANCE' | 'GOVERNANCE';
    readonly days: number;
}

export interface S3Storage extends StorageAdapter {
    asOf(moment: Date): StorageAdapter;
    discardUnfinished(options: {
        readonly olderThan: Date;
        readonly prefix?: string;
        readonly signal?: AbortSignal | undefined;
    }): Promise<number>;
}

export interface S3StorageOptions extends BucketAddress {
    readonly partSize?: number;
    readonly concurrency?: number;
    readonly journal?: UploadJournal;
    readonly patience?: PartPatience;
    readonly retention?: Retention;
    readonly conditionalWrites?: boolean;
    readonly pageSize?: number;
    readonly now?: () => Date;
}

export interface UploadGrant {
    answer(message: unknown): Promise<HandOverReply>;
    respond(request: Request): Promise<Response>;
}

export interface UploadGrantOptions extends BucketAddress {
    readonly keysUnder: string;
    readonly maximumSize?: number;
    readonly secret?: string | Uint8Array;
    readonly urlLifetime?: number;
    readonly publicEndpoint?: string;
    readonly retention?: Retention;
    readonly now?: () => Date;
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
    readonly sha256?: string;
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
