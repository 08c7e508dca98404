import { type Expression, spread } from './expressions.js';
import { procedures } from './words.js';

/** What to put into one table. Columns not named stay neutral, as most columns of a real practice are. */
export interface TablePlan {
  readonly table: string;
  /** Row numbers run from 1 to this. */
  readonly rows: number;
  readonly columns: Readonly<Record<string, Expression>>;
  /** Only row numbers for which this holds become rows. */
  readonly where?: string;
  /** Fewer rows per statement, for rows of many kilobytes. */
  readonly chunk?: number;
  /** Newest rows that were deleted again: AUTO_INCREMENT is ahead of the largest key by so many. */
  readonly deleted?: number;
}

/** How much of everything, and the arithmetic by which the tables agree with each other. */
export interface Shape {
  readonly patients: number;
  readonly appointments: number;
  /** Charges per appointment. */
  readonly proceduresPerVisit: number;
  readonly providers: number;
  readonly plans: number;
  readonly codes: number;
  readonly users: number;
  readonly employees: number;
  readonly operatories: number;
  /** Workdays of history before today, and scheduled after it. */
  readonly workdaysBack: number;
  readonly workdaysAhead: number;
  /** The practice's today, `YYYY-MM-DD`. */
  readonly today: string;
  /** The Monday on which the practice opened. */
  readonly start: string;
}

// Measured on the text that mariadb-dump makes of practices of 3 and of 100 MB.
const bytesPerPatient = 48_500;
const fixedBytes = 560_000;
const yearsOfHistory = 12;

export function shapeOf(bytes: number, today: string): Shape {
  const patients = Math.max(30, Math.round((bytes - fixedBytes) / bytesPerPatient));
  const monday = new Date(`${today}T00:00:00Z`);
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7) - yearsOfHistory * 52 * 7);
  return {
    patients,
    appointments: patients * 7,
    proceduresPerVisit: 8,
    providers: Math.min(12, 3 + Math.floor(patients / 2000)),
    plans: Math.max(8, Math.floor(patients / 12)),
    codes: procedures.length,
    users: 11,
    employees: 9,
    operatories: 6,
    workdaysBack: yearsOfHistory * 52 * 5,
    workdaysAhead: 60,
    today,
    start: monday.toISOString().slice(0, 10),
  };
}

/** The head of a patient's family of three. */
export const guarantorOf = (patient: string): string => `(${patient} - (${patient} - 1) % 3)`;

/** Whether a patient's family is insured, as a condition. */
export const isInsured = (patient: string): string => `(${spread(guarantorOf(patient), 100, 11)} < 65)`;

export const planOf = (shape: Shape, patient: string): string =>
  `(1 + ${spread(guarantorOf(patient), shape.plans, 12)})`;

/** Who comes to an appointment. */
export const patientOf = (shape: Shape, appointment: string): string =>
  `(1 + ${spread(appointment, shape.patients, 13)})`;

export const providerOf = (shape: Shape, key: string): string => `(1 + ${spread(key, shape.providers, 14)})`;

/** The workday of the `n`th of `count` things that happen one after the other until today. */
export function workdayOf(n: string, count: number, workdays: number): string {
  return `(((${n}) - 1) * ${workdays} div ${Math.max(1, count)})`;
}

/** The calendar day of a workday, as days after the start. */
export const dayOf = (workday: string): string => `((${workday}) div 5 * 7 + (${workday}) % 5)`;

export const dateAt = (shape: Shape, day: string): string => `('${shape.start}' + INTERVAL (${day}) DAY)`;

/** A moment: days after the start and seconds after midnight. */
export const momentAt = (shape: Shape, day: string, seconds: string): string =>
  `('${shape.start} 00:00:00' + INTERVAL ((${day}) * 86400 + (${seconds})) SECOND)`;

/** Seconds after midnight of an office hour, eight to five. */
export const officeSeconds = (random: string): string => `(28800 + ${random} % 32400)`;

/** Workday of an appointment; some lie in the future. */
export const appointmentWorkday = (shape: Shape, appointment: string): string =>
  workdayOf(appointment, shape.appointments, shape.workdaysBack + shape.workdaysAhead);

/** Whether an appointment lies before today, as a condition. */
export const isPast = (shape: Shape, appointment: string): string =>
  `(${appointmentWorkday(shape, appointment)} < ${shape.workdaysBack})`;

/** The appointment of a procedure. */
export const appointmentOf = (shape: Shape, procedure: string): string =>
  `(1 + (${procedure} - 1) div ${shape.proceduresPerVisit})`;

/** Code of a procedure: the first ones in the list are much more frequent. */
export const codeOf = (shape: Shape, procedure: string): string =>
  `(1 + (${spread(procedure, 65536, 15)} * ${spread(procedure, 65536, 16)} * ${shape.codes} >> 32))`;

/** The office's fee for a code. */
export const feeOf = (code: string): string => `(38 + ${code} * ${code} * 37 % 1460 + ${code} % 4 * 0.25)`;

/** 0 treatment planned, 1 complete, 2 done elsewhere, 3 deleted: what became of a procedure. */
export const fateOf = (shape: Shape, procedure: string): string =>
  `IF(${isPast(shape, appointmentOf(shape, procedure))}, ELT(1 + ${spread(procedure, 20, 17)}, 1,1,1,1,1,1,1,1,1,1,1,1,1,1,0,0,0,2,2,3), 0)`;
