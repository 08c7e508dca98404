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

export declare function certificateText(certificate: RestoreCertificate): string;

export declare function checkWithoutKey(source: ByteSource | RangeSource, options?: {
    readonly signal?: AbortSignal | undefined;
}): Promise<ArchiveInspection>;

export declare function compareDatabases(left: DatabaseAddress | DatabaseFingerprint, right: DatabaseAddress | DatabaseFingerprint, options?: CompareOptions): Promise<Comparison>;

export declare function exportCsv(archive: ArchiveReader, table: string, options?: ExportCsvOptions): AsyncGenerator<string>;

export declare function exportSql(reader: ArchiveReader, options?: ExportSqlOptions): AsyncGenerator<string | Uint8Array>;

export declare function takeFingerprint(address: DatabaseAddress, options?: SideOptions): Promise<DatabaseFingerprint>;
