import { type BackupErrorCode, errorExplanations } from '../../src/index.js';

/** `docs/ERRORS.md`, made from the explanations in `src/errors.ts`. */
export function renderErrorsPage(): string {
  const codes = (Object.keys(errorExplanations) as BackupErrorCode[]).sort();
  return `${[
    '# Errors',
    'Every failure that is not a programmer’s mistake is a `BackupError`. Its `code` is one of those below, its `message` says what',
    'happened, what is still safe and what to do, and its `details` carry facts for programs (names of tables, numbers, reasons).',
    'Neither holds a value of a row, a password or a key.',
    '',
    '```ts',
    "import { isBackupError, runSupplementalBackup } from 'supplemental-backup';",
    '',
    'try {',
    '  await runSupplementalBackup(plan);',
    '} catch (error) {',
    "  if (isBackupError(error, 'no-usable-admin')) console.error('Somebody must set a password.');",
    '  else throw error;',
    '}',
    '```',
    '',
    'Programmer’s mistakes are `TypeError` (wrong kind of argument) and `RangeError` (wrong value) and name the argument. A call',
    'whose `signal` was aborted rejects with `signal.reason`.',
    '',
    `Codes: ${codes.map((code) => `[\`${code}\`](#${code})`).join(', ')}.`,
    ...codes.flatMap((code) => {
      const { what, safe, action } = errorExplanations[code];
      return [
        '',
        `## ${code}`,
        '',
        `**What happened.** ${what}`,
        '',
        `**What is safe.** ${safe}`,
        '',
        `**What to do.** ${action}`,
      ];
    }),
  ].join('\n')}\n`;
}
