/** The messages between the page and its worker. Everything here is copied from one to the other. */
import type { Label } from '../../src/archive/index.js';
import type { FieldView } from '../../src/catalog/practice-views.js';
import type { GivenKey } from './unlock.js';

/** The requests to the worker. */
export interface Questions {
  /** Reads the labels of files. */
  inspect(files: readonly File[]): readonly Inspected[];
  open(file: number, key: GivenKey): Opened;
  schedule(firstDay: string, days: number): readonly ScheduleDay[];
  patients(text: string, most: number): FoundPatients;
  patient(patient: string): PatientHead | null;
  section(patient: string, section: string): SectionRows;
  columns(table: string): readonly string[];
  page(table: string, text: string, from: number, most: number): TablePage;
  csv(table: string): Blob;
  /** Everything of a patient: one JSON document, or CSV files in a ZIP file. */
  extract(patient: string, format: PatientFormat): Blob;
  /** Reads the whole copy and compares it. */
  prove(): Opened;
}

export type PatientFormat = 'json' | 'zip';

/** A file, as its label describes it. */
export interface Inspected {
  readonly name: string;
  readonly size: number;
  readonly label: Label | null;
  /** Why it cannot be opened. */
  readonly problem: Problem | null;
}

/** Why something failed; the page has the words. */
export interface Problem {
  readonly kind:
    | 'beginning-damaged'
    | 'damaged'
    | 'foreign'
    | 'future'
    | 'gone'
    | 'kit-checksum'
    | 'kit-count'
    | 'kit-one-sheet'
    | 'kit-unknown-word'
    | 'limits'
    | 'no-key-file'
    | 'nothing-left'
    | 'stopped'
    | 'unexpected'
    | 'wrong-key'
    | 'wrong-password';
  readonly userName?: string;
  readonly at?: string;
  /** Which word of a kit, from 1. */
  readonly word?: number;
  /** For developers; never a value of a row. */
  readonly detail?: string;
}

/** An open copy. */
export interface Opened {
  readonly label: Label | null;
  readonly archiveId: string;
  readonly snapshotAt: string | null;
  /** The program whose views fit; null for tables alone. */
  readonly program: string | null;
  readonly sections: readonly SectionHead[];
  /** The tables of which the screens are made. */
  readonly uses: { readonly schedule: readonly string[]; readonly patients: readonly string[] };
  readonly tables: readonly TableHead[];
  readonly losses: readonly string[];
  readonly damagedTables: readonly string[];
}

export interface TableHead {
  readonly name: string;
  readonly rows: number;
  readonly whole: boolean;
}

export interface SectionHead {
  readonly id: string;
  readonly title: string;
  readonly kind: 'facts' | 'rows';
  readonly layout: 'beside' | 'wide';
  readonly table: string;
  readonly empty: string | null;
}

export interface ScheduleDay {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly places: readonly SchedulePlace[];
}

export interface SchedulePlace {
  readonly name: string | null;
  readonly visits: readonly Visit[];
}

export interface Visit {
  readonly key: string;
  /** `HH:MM`. */
  readonly from: string;
  readonly until: string | null;
  readonly patient: PatientHead | null;
  readonly what: string;
  readonly note: string;
  readonly status: string;
  readonly isNewPatient: boolean;
  readonly providers: readonly string[];
}

export interface PatientHead {
  readonly patient: string;
  readonly name: string;
  /** `YYYY-MM-DD`; null where it is not known. */
  readonly birth: string | null;
  readonly phones: readonly { readonly title: string; readonly number: string }[];
  readonly status: string;
}

export interface FoundPatients {
  readonly patients: readonly PatientHead[];
  readonly count: number;
}

export interface SectionRows {
  readonly fields: readonly Pick<FieldView, 'form' | 'title'>[];
  /** As stored, with words and names in the place of numbers. */
  readonly rows: readonly (readonly string[])[];
}

export interface TablePage {
  readonly rows: readonly { readonly number: number; readonly values: readonly (string | null)[] }[];
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
}

/** A question on its way. */
export interface Asked {
  readonly id: number;
  readonly question: keyof Questions;
  readonly given: readonly unknown[];
}

/** The page no longer wants an answer. */
export interface Dropped {
  readonly id: number;
  readonly dropped: true;
}

/** How far an answer is. */
export interface Progress {
  readonly done: number;
  readonly of: number;
}

/** What the worker says. */
export type Said =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly problem: Problem }
  | { readonly id: number; readonly progress: Progress }
  /** The copy turned out to be damaged: from now on it is what was left. */
  | { readonly damaged: Opened | 'looking' };
