export type HandOverMessage = {
    readonly [Op in HandOverOp]: MessageOf<Op>;
}[HandOverOp];

export type HandOverReply = {
    readonly ok: true;
    readonly version: number;
    readonly reply: HandOverReplies[HandOverOp];
} | {
    readonly ok: false;
    readonly version: number;
    readonly error: string;
    readonly reason?: string;
};

export interface HttpStorageOptions {
    readonly url: string;
    readonly headers?: (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>) | undefined;
    readonly journal?: UploadJournal | undefined;
    readonly concurrency?: number | undefined;
    readonly partRetry?: PartRetry | undefined;
    readonly allowLoopbackHttp?: boolean | undefined;
    readonly fetch?: typeof fetch | undefined;
}

export interface PartRetry {
    readonly retries?: number | undefined;
    readonly minTimeout?: number | undefined;
    readonly maxTimeout?: number | undefined;
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

export declare function createHttpStorage(options: HttpStorageOptions): StorageAdapter;

export declare function createMemoryUploadJournal(): UploadJournal;
