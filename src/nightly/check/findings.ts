import { assertArgument, assertEach } from '../../arguments.js';
import type { BackupErrorCode } from '../../errors.js';

/** What is checked. */
export type CheckSubject =
  | 'admin'
  | 'clock'
  | 'headquarters'
  | 'key'
  | 'login'
  | 'network-path'
  | 'privileges'
  | 'server'
  | 'settings'
  | 'spool'
  | 'window';

/** One thing that was checked. */
export interface CheckFinding {
  /** What was checked. */
  readonly subject: CheckSubject;
  /** With what is `wrong` no night can succeed, at one place at least; a `warning` is for people to know. */
  readonly verdict: 'good' | 'warning' | 'wrong';
  /** For people. Holds no secret. */
  readonly message: string;
  /** The error behind what is wrong. */
  readonly code?: BackupErrorCode | 'unexpected';
}

/** What `checkNight` found. */
export interface NightCheck {
  /** Nothing is wrong. */
  readonly ok: boolean;
  /** One for each thing that was checked. */
  readonly findings: readonly CheckFinding[];
}

const words: Readonly<Record<CheckFinding['verdict'], string>> = {
  good: 'good   ',
  warning: 'warning',
  wrong: 'WRONG  ',
};

/**
 * The findings as text for people, a line each.
 *
 * @example
 * ```ts
 * console.log(renderCheck(await checkNight(plan)));
 * ```
 */
export function renderCheck(check: NightCheck): string {
  assertArgument('check', check, 'object');
  assertEach('check.findings', check.findings, { subject: 'text', verdict: 'text', message: 'text' });
  return check.findings
    .map(({ subject, verdict, message }) => `${words[verdict]}  ${subject}: ${message}`)
    .join('\n');
}

/** Mostly transient troubles, or such as the night reports itself. */
const passing: ReadonlySet<string> = new Set([
  'database-connection-lost',
  'database-unreachable',
  'destination-missing',
  'storage-full',
  'storage-transient',
]);

/** What must be raised although no night has failed yet. A share may be away by day; the night reports it. */
export function isLasting({ subject, verdict, code }: CheckFinding): boolean {
  if (verdict !== 'wrong' || subject === 'network-path') return false;
  return subject === 'login' || !passing.has(code ?? '');
}
