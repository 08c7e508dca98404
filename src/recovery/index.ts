/**
 * For recovery utilities: export as SQL or CSV, extraction of one patient, comparison of databases, and
 * reading an archive without a key.
 *
 * @module supplemental-backup/recovery
 */

export { openDentalPatientRows } from '../catalog/open-dental/patient-rows.js';
export type { OtherColumn, PatientRows } from '../catalog/patient-rows.js';
export { type CompareOptions, type CompareProgress, compareDatabases } from './compare/compare-databases.js';
export type { Comparison, Difference, TableComparison, TableContent } from './compare/comparison.js';
export { type DatabaseFingerprint, type SideOptions, takeFingerprint } from './compare/side.js';
export { type CsvForm, type ExportCsvOptions, exportCsv } from './export/csv.js';
export type { ScriptedEvents } from './export/object-sql.js';
export { type ExportSqlOptions, exportSql } from './export/sql.js';
export {
  type ExtractPatientOptions,
  extractPatient,
  type FamilyMember,
  type PatientPart,
  type PatientProgress,
  type PatientRowsPart,
  type PatientSource,
  type PatientSummary,
  type PatientSummaryPart,
  type PatientTable,
} from './records/extract-patient.js';
export type { CharacterSets, TextDecoding } from './records/readable-cell.js';
export { certificateText } from './rehearse/certificate.js';
export { checkWithoutKey } from './verify/check-without-key.js';
