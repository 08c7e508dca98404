/** How the tables of one program read as a schedule and as a patient's sheet: data only. */
export interface PracticeViews {
  /** Names the program. */
  readonly name: string;
  /** Tables that are all there when a database is one of this program. */
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
  /** Column and what it is called. */
  readonly phones: readonly Phone[];
  readonly status: string;
  readonly statuses: Words;
  /** Statuses of patients who are left out of the search. */
  readonly hiddenStatuses: readonly string[];
  /** Further columns in which a search looks. */
  readonly alsoSearched: readonly string[];
}

/** A telephone number of a patient. */
export interface Phone {
  readonly column: string;
  readonly title: string;
}

/** What a stored value means. */
export type Words = Readonly<Record<string, string>>;

/** The table of appointments. */
export interface ScheduleView {
  readonly table: string;
  readonly key: string;
  readonly patient: string;
  /** Start, date and time. */
  readonly at: string;
  /** Column in which each character stands for so many minutes. */
  readonly length: string;
  readonly minutesPerCharacter: number;
  readonly status: string;
  /** Statuses that stand in the schedule, with the word that is shown; empty for the ordinary one. */
  readonly shownStatuses: Words;
  readonly what: string;
  readonly note: string;
  readonly isNewPatient: string;
  readonly providers: readonly string[];
  readonly provider: Lookup;
  readonly place: string;
  readonly places: Lookup & { readonly order: string };
}

/** Rows whose key other rows name. */
export interface Lookup {
  readonly table: string;
  readonly key: string;
  /** Columns whose texts, joined by a space, name the row. */
  readonly label: readonly string[];
}

/** A piece of a patient's sheet: the rows of one table. */
export interface SheetSection {
  readonly id: string;
  readonly title: string;
  readonly table: string;
  /** The column that names the patient. */
  readonly by: string;
  /** `facts`: one row, a line for each field that holds something. `rows`: a table. */
  readonly kind: 'facts' | 'rows';
  readonly fields: readonly FieldView[];
  /** Beside others, or over the whole width. @defaultValue 'beside' */
  readonly layout?: 'beside' | 'wide';
  /** Newest first by this column. */
  readonly newestFirst?: string;
  /** Rows that are left out: those with one of the values. */
  readonly without?: { readonly column: string; readonly values: readonly string[] };
  /** Said where there is nothing. */
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
  /** Column that is shown when this one holds nothing. */
  readonly orElse?: string;
}
