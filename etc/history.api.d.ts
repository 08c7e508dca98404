export type ArchiveOrigin = {
    readonly kind: 'proven';
    readonly number: number;
    readonly destination: Destination;
    readonly sha256: string;
    readonly signedWith: string;
} | {
    readonly kind: 'unsigned';
} | {
    readonly kind: 'foreign';
    readonly why: 'another-place' | 'bad-signature' | 'malformed' | 'unknown-key';
} | {
    readonly kind: 'overwritten';
    readonly number: number;
} | {
    readonly kind: 'not-judged';
};

export interface History {
    readonly practiceId: string;
    readonly archives: number;
    readonly proven: readonly ProvenArchive[];
    readonly origins: ReadonlyMap<string, ArchiveOrigin>;
    readonly keys: readonly string[];
    readonly trust: 'first-use' | 'given' | 'none';
    readonly heads: Readonly<Partial<Record<Destination, SequenceHead & {
        readonly night: string;
    }>>>;
    readonly headsElsewhere: Readonly<Partial<Record<Destination, SequenceHead>>>;
    readonly unbrokenSince: {
        readonly number: number;
        readonly night: string;
    } | null;
    readonly findings: readonly HistoryFinding[];
}

export type HistoryFinding = {
    readonly kind: 'gap';
    readonly destination: Destination;
    readonly numbers: readonly number[];
} | {
    readonly kind: 'archive-missing';
    readonly key: string;
    readonly number: number;
} | {
    readonly kind: 'note-missing';
    readonly key: string;
} | {
    readonly kind: 'overwritten';
    readonly key: string;
    readonly number: number;
    readonly what: 'sha256' | 'size';
} | {
    readonly kind: 'fork';
    readonly number: number;
    readonly keys: readonly string[];
} | {
    readonly kind: 'spliced';
    readonly key: string;
    readonly number: number;
} | {
    readonly kind: 'rolled-back';
    readonly destination: Destination;
    readonly known: SequenceHead;
    readonly found: SequenceHead | null;
} | {
    readonly kind: 'returned';
    readonly key: string;
    readonly number: number;
} | {
    readonly kind: 'foreign';
    readonly key: string;
    readonly why: 'another-place' | 'bad-signature' | 'malformed';
} | {
    readonly kind: 'unknown-key';
    readonly signedWith: string;
    readonly keys: readonly string[];
} | {
    readonly kind: 'recipient-changed';
    readonly key: string;
    readonly number: number;
    readonly before: string | null;
    readonly after: string | null;
} | {
    readonly kind: 'unreadable';
    readonly key: string;
    readonly code: BackupErrorCode;
} | {
    readonly kind: 'too-many';
    readonly looked: number;
};

export interface KeptHeads {
    readonly signedWith: string;
    readonly at: string;
    readonly heads: Readonly<Partial<Record<Destination, SequenceHead>>>;
}

export type LossFinding = {
    readonly kind: 'rows-lost';
    readonly table: string;
    readonly before: number;
    readonly after: number;
} | {
    readonly kind: 'many-tables-shrank';
    readonly tables: number;
    readonly of: number;
} | {
    readonly kind: 'table-vanished';
    readonly table: string;
    readonly rows: number;
} | {
    readonly kind: 'table-renamed';
    readonly table: string;
    readonly to: string;
} | {
    readonly kind: 'encrypted-in-place';
    readonly table: string;
    readonly before: number;
    readonly after: number;
} | {
    readonly kind: 'definitions-changed';
    readonly tables: number;
    readonly of: number;
} | {
    readonly kind: 'audit-log-shrank';
    readonly table: string;
    readonly before: number;
    readonly after: number;
} | {
    readonly kind: 'nothing-changed';
    readonly nights: number;
} | {
    readonly kind: 'replica-stopped';
} | {
    readonly kind: 'went-back';
    readonly written: string;
    readonly found: string | null;
};

export interface LossThresholds {
    readonly coreTables?: readonly string[] | undefined;
    readonly auditTables?: readonly string[] | undefined;
    readonly rowShare?: number | undefined;
    readonly stillNights?: number | undefined;
}

export interface NightFacts {
    readonly night: string;
    readonly scope: ArchiveScope;
    readonly tables: Readonly<Record<string, TableFacts>>;
    readonly version?: string;
    readonly content?: string;
    readonly criticalContent?: string;
    readonly replica?: ReplicaState;
    readonly purged?: readonly string[];
    readonly purgedElsewhere?: readonly string[];
}

export interface NoteBody {
    readonly practiceId: string;
    readonly destination: Destination;
    readonly scope: ArchiveScope;
    readonly night: string;
    readonly archiveId: string;
    readonly size: number;
    readonly sha256: string;
    readonly madeAt: string;
    readonly number: number;
    readonly previous: string | null;
    readonly standing: readonly number[];
    readonly recipient: string | null;
    readonly heads: Readonly<Partial<Record<Destination, SequenceHead>>>;
    readonly unseen?: readonly UnseenFinding[] | undefined;
    readonly signedWith: NoteKey;
}

export interface NoteKey {
    readonly name: string;
    readonly id: string;
    readonly publicKey: Uint8Array;
}

export interface NoteSignature {
    readonly name: string;
    readonly id: string;
    readonly signature: Uint8Array;
}

export type OriginBeside = {
    readonly kind: 'unsigned';
} | {
    readonly kind: 'later';
} | {
    readonly kind: 'foreign';
    readonly why: 'another-archive' | 'bad-signature' | 'malformed';
} | {
    readonly kind: 'signed';
    readonly signedWith: string;
    readonly number: number;
    readonly destination: Destination;
    readonly night: string;
    readonly size: number;
    readonly sha256: string;
};

export interface ProvenArchive {
    readonly key: string;
    readonly hash: string;
    readonly body: NoteBody;
}

export type ReplicaState = 'follows' | 'stopped' | 'waits';

export interface SequenceHead {
    readonly number: number;
    readonly hash: string;
}

export interface SignedNote {
    readonly text: string;
    readonly signatures: readonly NoteSignature[];
}

export interface Signer {
    readonly publicKey: Uint8Array;
    sign(message: Uint8Array, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<Uint8Array> | Uint8Array;
}

export interface TableFacts {
    readonly rows: number;
    readonly plainBytes: number;
    readonly storedBytes: number;
    readonly definition?: string;
}

export interface Tonight {
    readonly facts: NightFacts;
    readonly announced?: readonly string[] | undefined;
    readonly ownDate?: {
        readonly written: string;
        readonly found: string | null;
    } | undefined;
}

export type UnseenFinding = 'history' | 'loss';

export interface VerifyHistoriesOptions extends Omit<VerifyHistoryOptions, 'knownHeads' | 'practiceId' | 'trustedKeys'> {
    readonly trustedKeys?: ((practiceId: string) => readonly string[] | undefined) | undefined;
    readonly knownHeads?: ((practiceId: string) => VerifyHistoryOptions['knownHeads']) | undefined;
    readonly after?: string | undefined;
    readonly prefix?: string | undefined;
}

export interface VerifyHistoryOptions {
    readonly practiceId: string;
    readonly trustedKeys?: readonly string[] | undefined;
    readonly knownHeads?: Readonly<Partial<Record<Destination, SequenceHead>>> | undefined;
    readonly reads?: ((archive: StoredObject) => boolean) | undefined;
    readonly concurrency?: number | undefined;
    readonly signal?: AbortSignal | undefined;
}

export declare const allTables = "*";

export declare function breaksHistory(finding: HistoryFinding): boolean;

export declare function describeHistoryFinding(finding: HistoryFinding): string;

export declare function describeLoss(finding: LossFinding): string;

export declare function describeOrigin(origin: OriginBeside, trustedKey?: string): string;

export declare function formatNoteKey(key: NoteKey): string;

export declare function isSignedBy(note: SignedNote, key: NoteKey): boolean;

export declare function judgeNight(history: readonly NightFacts[], tonight: Tonight, thresholds?: LossThresholds): readonly LossFinding[];

export declare function judgeNoteBeside(note: string | null, archive: {
    readonly size: number;
    readonly archiveId: string;
    readonly practiceId: string;
    readonly key?: string | undefined;
}): OriginBeside;

export declare function parseNote(note: string): SignedNote | null;

export declare function parseNoteKey(text: string): NoteKey | null;

export declare function signerOf(secret: Uint8Array): Signer;

export declare function verifyHistories(store: StorageAdapter, options?: VerifyHistoriesOptions): AsyncGenerator<History>;

export declare function verifyHistory(store: StorageAdapter, options: VerifyHistoryOptions): Promise<History>;
