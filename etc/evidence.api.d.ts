export interface EvidenceFacts {
    readonly practiceId: string;
    readonly asOf: Date;
    readonly reports: readonly BackupReport[];
    readonly nights?: readonly NightFacts[] | undefined;
    readonly stores?: readonly EvidenceStore[] | undefined;
    readonly unlisted?: readonly string[] | undefined;
    readonly openings?: readonly AdminOpening[] | undefined;
    readonly rehearsal?: EvidenceRehearsal | undefined;
    readonly retention?: Readonly<Record<string, RetentionPolicy | 'keep-all'>> | undefined;
    readonly versions?: EvidenceVersions | undefined;
}

export interface EvidencePageOptions {
    readonly path: string;
    readonly rehearsal?: (() => Promise<EvidenceRehearsal | undefined>) | undefined;
    readonly versions?: EvidenceVersions | undefined;
}

export type EvidenceRehearsal = Pick<RestoreCertificate, 'equal' | 'provenAgainst' | 'rehearsedAt' | 'restoreSeconds' | 'rows' | 'server'>;

export interface EvidenceStore {
    readonly place: string;
    readonly description?: string | undefined;
    readonly backups: readonly ListedBackup[];
}

export interface EvidenceVersions {
    readonly product: string;
    readonly runtime?: string | undefined;
    readonly sbomSha256?: string | undefined;
}

export interface FleetFacts {
    readonly asOf: Date;
    readonly backups: readonly ListedBackup[];
    readonly practices?: readonly FleetPractice[] | undefined;
}

export interface FleetPractice {
    readonly practiceId: string;
    readonly name?: string | undefined;
    readonly lastOpenedAt?: string | null | undefined;
    readonly findings?: readonly string[] | undefined;
}

export interface KeptEvidence {
    readonly reports: readonly BackupReport[];
    readonly nights: readonly NightFacts[];
}

export declare function createEvidencePage(options: EvidencePageOptions): EvidencePlan;

export declare function readEvidence(spool: string, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<KeptEvidence>;

export declare function renderEvidence(facts: EvidenceFacts): string;

export declare function renderFleet(facts: FleetFacts): string;
