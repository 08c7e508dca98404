/**
 * For recovery utilities and tests of them: an archive as SQL or CSV, two databases compared, an archive looked at without
 * a key.
 *
 * @module supplemental-backup/recovery
 */

export { type CompareOptions, type CompareProgress, compareDatabases } from './compare/compare-databases.js';
export type { Comparison, Difference, TableComparison, TableContent } from './compare/comparison.js';
export { type DatabaseFingerprint, type SideOptions, takeFingerprint } from './compare/side.js';
export { type CsvForm, type ExportCsvOptions, exportCsv } from './export/csv.js';
export type { ScriptedEvents } from './export/object-sql.js';
export { type ExportSqlOptions, exportSql } from './export/sql.js';
export { certificateText } from './rehearse/certificate.js';
export { checkWithoutKey } from './verify/check-without-key.js';
