export interface Acknowledgement {
    readonly at: string;
    readonly user: string;
    readonly findings: readonly string[];
}

export interface BackupPlan {
    readonly database: string;
    readonly scope: ArchiveScope;
    readonly tables: readonly PlannedTable[];
    readonly total: PlannedSize;
    readonly kept: PlannedSize;
    readonly share: number;
    readonly warnings: readonly DumpWarning[];
}

export type KeepReason = 'daily' | 'from-the-future' | 'last-for-living-admin' | 'monthly' | 'newest-verified' | 'weekly' | 'yearly';

export interface LastAttempt {
    readonly night: string;
    readonly count: number;
    readonly startedAt?: Date | undefined;
    readonly endedAt: Date;
    readonly settled?: readonly Destination[] | undefined;
}

export interface Night {
    readonly date: string;
    readonly opensAt: Date;
    readonly closesAt: Date;
}

export interface NightHistory {
    readonly verified: Readonly<Partial<Record<Destination, string>>>;
    readonly lastAttempt?: LastAttempt | undefined;
    readonly firstNight?: string | undefined;
}

export type OfficeOfPractice = Pick<NightPlan, 'now' | 'practiceId' | 'spool' | 'timeZone'>;

export interface PlannedSize {
    readonly tables: number;
    readonly rows: number;
    readonly dataBytes: number;
}

export interface PlannedTable {
    readonly name: string;
    readonly tier?: TableTier;
    readonly rows: number;
    readonly dataBytes: number;
    readonly keeps: 'all-rows' | 'definition' | 'nothing' | 'some-rows';
    readonly reason?: string;
}

export interface RetainedArchive {
    readonly key: string;
    readonly createdAt: Date;
    readonly scope: ArchiveScope;
    readonly verified: boolean;
    readonly opensForLivingAdmin: boolean;
    readonly byHand?: boolean | undefined;
    readonly storedAt?: Date | undefined;
}

export interface RetentionPlan {
    readonly keep: readonly {
        readonly archive: RetainedArchive;
        readonly reasons: readonly KeepReason[];
    }[];
    readonly remove: readonly RetainedArchive[];
}

export interface ScrubOptions {
    readonly deadline?: Date | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onEvent?: ((event: BackupEvent) => void) | undefined;
}

export interface ScrubReport {
    readonly night: string;
    readonly places: readonly ScrubbedPlace[];
}

export interface ScrubbedPlace {
    readonly destination: Destination;
    readonly copies: number;
    readonly bytes: number;
    readonly left: number;
    readonly readSince?: string;
    readonly stopped?: BackupErrorCode | 'unexpected';
    readonly found: readonly string[];
}

export declare function acknowledgeFindings(plan: OfficeOfPractice, options: {
    readonly user: string;
}): Promise<Acknowledgement | null>;

export declare function announcePurge(plan: OfficeOfPractice, purge: {
    readonly tables: readonly string[];
    readonly until: string;
    readonly user: string;
}): Promise<void>;

export declare function combineAlerts(...sinks: readonly AlertSink[]): AlertSink;

export declare const defaultRetention: Required<RetentionPolicy>;

export declare function dueOn(night: string, schedule: NightSchedule, history: NightHistory, destinations: readonly Destination[]): readonly Destination[];

export declare function enabledByDefault(practice: {
    readonly monthlyReminderDisabled: boolean;
    readonly updatesUnattended?: boolean | undefined;
}): boolean;

export declare function isMonthlyReminderDisabled(lastReminder: string, now: Date): boolean;

export declare function nightOf(instant: Date, timeZone: string): string;

export declare function planBackup(catalog: Catalog, selection: TableSelection): BackupPlan;

export declare function planNextRun(request: {
    readonly schedule: NightSchedule;
    readonly practiceId: string;
    readonly history: NightHistory;
    readonly destinations: readonly Destination[];
    readonly now: Date;
}): PlannedRun | null;

export declare function planRetention(archives: readonly RetainedArchive[], options: {
    readonly now: Date;
    readonly timeZone: string;
    readonly policy?: RetentionPolicy | undefined;
}): RetentionPlan;

export declare function renderCheck(check: NightCheck): string;

export declare function renderPlan(plan: BackupPlan): string;

export declare function scrubCopies(plan: NightPlan, options?: ScrubOptions): Promise<ScrubReport>;

export declare const silentLogger: Logger;

export declare const sixYears: Required<RetentionPolicy>;

export declare function startOf(night: string, schedule: NightSchedule, practiceId: string): Date;

export declare const statusNumbers: Readonly<Record<BackupSettings['status'], number>>;

export declare const systemClock: Clock;

export declare function windowOf(night: string, schedule: NightSchedule): Night;
