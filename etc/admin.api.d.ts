export interface AdminOpening {
    readonly userNum: string;
    readonly userName: string;
    readonly at: string;
    readonly lastOpenedAt: string | null;
    readonly places: readonly OpenedPlace[];
    readonly findings: readonly OpeningFinding[];
}

export interface CreateKitOptions {
    readonly store: KitStore;
    readonly practice: string;
    readonly owner: string;
    readonly sheets?: 1 | 3 | undefined;
    readonly postQuantum?: boolean | undefined;
    readonly now?: Date | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface FinishedOpening {
    readonly opening: Opening;
    readonly isKept: boolean;
}

export interface KeptKits {
    readonly revision: number;
    readonly kits: readonly RecoveryKit[];
}

export type KitFault = 'unknown-word' | 'checksum' | 'count' | 'one-sheet' | 'other-kit';

export interface KitOptions {
    readonly store: KitStore;
    readonly now?: Date | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface KitStore {
    load(options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<KeptKits | null>;
    save(kits: KeptKits, options?: {
        readonly signal?: AbortSignal | undefined;
    }): Promise<boolean>;
}

export interface MadeKit {
    readonly kit: RecoveryKit;
    readonly words: readonly Secret[];
    readonly page: Secret;
}

export interface OpenedPlace {
    readonly place: string;
    readonly archiveId: string;
    readonly createdAt: string;
    readonly openedAt: string;
    readonly readBytes: number;
    readonly rowBytes: number;
}

export interface Opening {
    readonly at: string;
    readonly places: readonly OpenedPlace[];
    readonly findings: readonly OpeningFinding[];
    readonly rehearsedAt?: string;
    readonly signature?: string;
}

export interface OpeningFinding {
    readonly code: OpeningFindingCode;
    readonly place?: string;
}

export type OpeningFindingCode = 'archive-damaged' | 'archive-older' | 'chain-broken' | 'recipient-not-ours' | 'record-not-ours' | 'rehearsal-failed';

export interface OpeningProof {
    readonly isDue: boolean;
    readonly places: readonly ProvenPlace[];
    readonly findings: readonly OpeningFinding[];
    readonly finished: Promise<FinishedOpening>;
}

export interface OpeningRehearsal {
    readonly everyDays?: number | undefined;
    readonly run: (archive: {
        readonly place: string;
        readonly source: RangeSource;
        readonly identities: readonly string[];
    }, options: {
        readonly signal?: AbortSignal | undefined;
    }) => Promise<{
        readonly ok: boolean;
    }>;
}

export interface ProveOpeningOptions extends Partial<ReadLimits> {
    readonly store: EnrollmentStore;
    readonly stores: readonly ProvenStore[];
    readonly practiceId: string;
    readonly trustedKeys?: readonly string[] | undefined;
    readonly everyDays?: number | undefined;
    readonly isAsked?: boolean | undefined;
    readonly rehearsal?: OpeningRehearsal | undefined;
    readonly now?: Date | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface ProvenPlace {
    readonly place: string;
    readonly outcome: 'empty' | 'not-opened' | 'opened' | 'other-holder' | 'unreachable';
    readonly archiveId?: string;
    readonly createdAt?: string;
    readonly keyHolder?: KeyHolder;
    readonly code?: BackupErrorCode;
}

export interface ProvenStore {
    readonly place: string;
    readonly storage: StorageAdapter;
}

export interface ReadLimits extends SampleSize {
    readonly mostSeconds: number;
}

export interface RecoveryKit {
    readonly id: string;
    readonly owner: string;
    readonly recipient: string;
    readonly sheets: 1 | 3;
    readonly createdAt: string;
    readonly confirmedAt?: string;
    readonly revokedAt?: string;
}

export declare function confirmRecoveryKit(words: string, options: KitOptions): Promise<RecoveryKit>;

export declare function createFileKits(options: {
    readonly path: string;
}): KitStore;

export declare function createRecoveryKit(options: CreateKitOptions): Promise<MadeKit>;

export declare function describeFinding(finding: OpeningFinding, userName: string): string;

export declare function fingerprintOf(recipient: string): string;

export declare function identitiesOfKit(words: string): Promise<readonly string[]>;

export declare function isSameAdmin(left: LastAdmin, right: LastAdmin): boolean;

export declare function proveOpening(admin: AdminPassword, password: Password, options: ProveOpeningOptions): Promise<OpeningProof>;

export declare function readOpenings(store: EnrollmentStore, admins: readonly Pick<AdminCandidate, 'isHidden' | 'userName' | 'userNum'>[], options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<readonly AdminOpening[]>;

export declare function revokeRecoveryKit(id: string, options: KitOptions): Promise<RecoveryKit>;

export declare function unlockArchives(labels: readonly Label[], password: Password): Promise<readonly UnlockedIdentity[]>;
