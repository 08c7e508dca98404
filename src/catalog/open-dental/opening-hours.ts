import { logTables } from './logs.js';

/**
 * What an office needs to open its doors: who comes today, for what, at which chair, with whom, and how to
 * call them. A restore brings these back before anything else. What is to be done stands in the appointment
 * itself.
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

/** Without these there is no schedule. */
export const scheduleNeeds: readonly string[] = ['appointment', 'patient'];

const logs: ReadonlySet<string> = new Set(Object.keys(logTables));

/** Whether a table only records what was done, and nobody works with it. */
export function isLogTable(name: string): boolean {
  return logs.has(name.toLowerCase());
}
