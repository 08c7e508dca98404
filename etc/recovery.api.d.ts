export type CharacterSets = (characterSet: string) => TextDecoding | null;

export interface CompareOptions extends SideOptions {
    readonly tables?: readonly string[] | undefined;
    readonly objects?: boolean | undefined;
    readonly onProgress?: ((progress: CompareProgress) => void) | undefined;
}

export interface CompareProgress {
    readonly table: string;
    readonly tablesDone: number;
    readonly totalTables: number;
}

export interface Comparison {
    readonly equal: boolean;
    readonly tables: readonly TableComparison[];
    readonly objects: number;
    readonly differences: readonly Difference[];
}

export interface CsvForm {
    readonly spreadsheet?: boolean | undefined;
}

export interface DatabaseFingerprint {
    readonly definitions: SchemaFacts;
    readonly contents: ReadonlyMap<string, TableContent>;
}

export interface Difference {
    readonly kind: 'database' | 'table' | SchemaObjectKind;
    readonly name: string;
    readonly aspect: 'content' | 'definition' | 'missing-left' | 'missing-right' | 'rows';
    readonly fact?: string | undefined;
    readonly message: string;
}

export interface ExportCsvOptions extends CsvForm {
    readonly signal?: AbortSignal | undefined;
    readonly onRows?: ((rows: number) => void) | undefined;
}

export interface ExportSqlOptions {
    readonly tables?: readonly string[] | undefined;
    readonly objects?: boolean | undefined;
    readonly events?: ScriptedEvents | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onRows?: ((rows: number) => void) | undefined;
}

export interface ExtractPatientOptions {
    readonly rules?: PatientRows | undefined;
    readonly characterSets?: CharacterSets | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: PatientProgress) => void) | undefined;
}

export interface FamilyMember {
    readonly patient: string;
    readonly column: string;
    readonly tie: 'named-by' | 'names';
}

export interface OtherColumn {
    readonly column: string;
    readonly value: string;
}

export type PatientPart = PatientRowsPart | PatientSummaryPart;

export interface PatientProgress {
    readonly table: string;
    readonly tables: number;
    readonly ofTables: number;
}

export interface PatientRows {
    readonly table: string;
    readonly key: string;
    readonly references: TableReferences;
    readonly named: readonly string[];
    readonly family: Readonly<Record<string, readonly string[]>>;
    readonly notFollowed: Readonly<Record<string, readonly string[]>>;
    readonly onlyWhere: Readonly<Record<string, Readonly<Record<string, OtherColumn>>>>;
}

export interface PatientRowsPart {
    readonly kind: 'rows';
    readonly table: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | null)[])[];
}

export interface PatientSource extends Pick<ArchiveReader, 'readTable' | 'table'> {
    readonly manifest: {
        readonly archiveId: string;
        readonly snapshotAt: string;
        readonly tables: readonly {
            readonly name: string;
        }[];
    };
}

export interface PatientSummary {
    readonly patient: string;
    readonly archiveId: string;
    readonly snapshotAt: string;
    readonly found: boolean;
    readonly rows: number;
    readonly tables: readonly PatientTable[];
    readonly searchedTables: number;
    readonly family: readonly FamilyMember[];
}

export interface PatientSummaryPart {
    readonly kind: 'summary';
    readonly summary: PatientSummary;
}

export interface PatientTable {
    readonly name: string;
    readonly rows: number;
    readonly by: readonly string[];
}

export type ScriptedEvents = 'as-found' | 'at-rest';

export interface SideOptions {
    readonly rowFilters?: Readonly<Record<string, string>> | undefined;
    readonly history?: 'all' | 'current' | undefined;
    readonly signal?: AbortSignal | undefined;
}

export interface TableComparison {
    readonly name: string;
    readonly equal: boolean;
    readonly left: TableContent | null;
    readonly right: TableContent | null;
}

export interface TableContent {
    readonly rows: number;
    readonly hash: string;
}

export type TextDecoding = (bytes: Uint8Array) => string | null;

export declare function certificateText(certificate: RestoreCertificate): string;

export declare function checkWithoutKey(source: ByteSource | RangeSource, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<ArchiveInspection>;

export declare function compareDatabases(left: DatabaseAddress | DatabaseFingerprint, right: DatabaseAddress | DatabaseFingerprint, options?: CompareOptions): Promise<Comparison>;

export declare function exportCsv(archive: ArchiveReader, table: string, options?: ExportCsvOptions): AsyncGenerator<string>;

export declare function exportSql(reader: ArchiveReader, options?: ExportSqlOptions): AsyncGenerator<string | Uint8Array>;

export declare function extractPatient(archive: PatientSource, patient: bigint | string, options?: ExtractPatientOptions): AsyncGenerator<PatientPart>;

export declare const openDentalPatientRows: PatientRows;

export declare function takeFingerprint(address: DatabaseAddress, options?: SideOptions): Promise<DatabaseFingerprint>;
