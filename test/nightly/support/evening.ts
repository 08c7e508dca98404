/**
 * A time zone in which it is between eight and nine in the evening: no window closes and no night ends while
 * a test runs by the clock of the machine.
 */
export function zoneInTheEvening(now: Date = new Date()): string {
  const ahead = ((20 - now.getUTCHours() + 36) % 24) - 12;
  // The names count the other way.
  return ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead < 0 ? '+' : '-'}${Math.abs(ahead)}`;
}
