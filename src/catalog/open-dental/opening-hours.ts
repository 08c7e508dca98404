import { logTables } from './logs.js';

/**
 * What an office needs to open: who comes today, for what, at which chair, with whom, and how to call them. A
 * restore brings these back first. The planned work is in the appointment itself.
 */
export const scheduleTables: readonly string[] = [
  'appointment',
  'patient',
  'phonenumber',
  'provider',
  'operatory',
  'schedule',
  'scheduleop',
  'employee',
  'clinic',
  'definition',
  'procedurecode',
  'appointmenttype',
  'apptview',
  'apptviewitem',
  'preference',
  'userod',
];

/** Without these no schedule can be shown. */
export const scheduleNeeds: readonly string[] = ['appointment', 'patient'];

const logs: ReadonlySet<string> = new Set(Object.keys(logTables));

/** Whether a table only records what was done, so that daily work does not need it. */
export function isLogTable(name: string): boolean {
  return logs.has(name.toLowerCase());
}
