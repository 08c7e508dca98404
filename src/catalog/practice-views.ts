/** How the tables of one program are shown as a schedule and as a patient's sheet, as data. */
export interface PracticeViews {
  /** Name of the program. */
  readonly name: string;
  /** Tables that all exist in a database of this program. */
  readonly marks: readonly string[];
  readonly patients: PatientsView;
  readonly schedule: ScheduleView;
  readonly sheet: readonly SheetSection[];
}

/** The table of patients. */
export interface PatientsView {
  readonly table: string;
  readonly key: string;
  readonly last: string;
  readonly first: string;
  readonly middle: string;
  readonly preferred: string;
  readonly birth: string;
  /** Columns with telephone numbers, and their labels. */
  readonly phones: readonly Phone[];
  readonly status: string;
  readonly statuses: Words;
  /** Statuses of patients who are hidden from the search. */
  readonly hiddenStatuses: readonly string[];
  /** Further columns that are searched. */
  readonly alsoSearched: readonly string[];
}

/** A telephone number of a patient. */
export interface Phone {
  readonly column: string;
  readonly title: string;
}

/** Stored values and their meanings. */
export type Words = Readonly<Record<string, string>>;

/** The table of appointments. */
export interface ScheduleView {
  readonly table: string;
  readonly key: string;
  readonly patient: string;
  /** Column with date and time of the start. */
  readonly at: string;
  /** Column in which each character stands for a fixed number of minutes. */
  readonly length: string;
  readonly minutesPerCharacter: number;
  readonly status: string;
  /** Statuses that are shown in the schedule, and their words; empty for the ordinary one. */
  readonly shownStatuses: Words;
  readonly what: string;
  readonly note: string;
  readonly isNewPatient: string;
  readonly providers: readonly string[];
  readonly provider: Lookup;
  readonly place: string;
  readonly places: Lookup & { readonly order: string };
}

/** Rows that other rows refer to. */
export interface Lookup {
  readonly table: string;
  readonly key: string;
  /** Columns whose texts, joined by a space, are shown for the row. */
  readonly label: readonly string[];
}

/** A section of a patient's sheet: the rows of one table. */
export interface SheetSection {
  readonly id: string;
  readonly title: string;
  readonly table: string;
  /** The column that refers to the patient. */
  readonly by: string;
  /** `facts`: one row, a line for each field that is not empty. `rows`: a table. */
  readonly kind: 'facts' | 'rows';
  readonly fields: readonly FieldView[];
  /** Beside other sections, or over the full width. @defaultValue 'beside' */
  readonly layout?: 'beside' | 'wide';
  /** Sorted by this column, newest first. */
  readonly newestFirst?: string;
  /** Rows with one of the values are left out. */
  readonly without?: { readonly column: string; readonly values: readonly string[] };
  /** Shown when there are no rows. */
  readonly empty?: string;
}

/** One column of a section. */
export interface FieldView {
  readonly column: string;
  readonly title: string;
  /** @defaultValue 'text' */
  readonly form?: 'date' | 'datetime' | 'money' | 'text';
  readonly words?: Words;
  readonly lookup?: Lookup;
  /** Column that is shown when this one is empty. */
  readonly orElse?: string;
}
