/**
 * Names a database, a label or a share may hold, each of which would do harm where it is shown or logged as
 * it is.
 */
export const hostileNames: readonly string[] = [
  'clears\u001b[2Jthe screen',
  'sets\u001b]0;the title\u0007',
  'recolours by C1 \u009b31m',
  'forges\r\n2026-07-15T03:04:05.678Z INFO The backup is complete.',
  'forges\u2028a line, and\u0085another',
  'reads \u202eelbat\u202c backwards',
  'isolates \u2067txet\u2069 and marks \u200f\u061c\u200e',
  'rubs\u0008out\u007f',
  'ends\u0000early',
];

/** Everything of them that may reach no eye and no log as it is. */
export const harmful: RegExp = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/u;
