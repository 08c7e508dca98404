import { type Activity, type BackupErrorCode, type ErrorAdvice, errorExplanations } from '../../src/index.js';

/** `docs/ERRORS.md`, made from the explanations in `src/errors.ts`. */
export function renderErrorsPage(): string {
  const codes = (Object.keys(errorExplanations) as BackupErrorCode[]).sort();
  return `${[
    '# Errors',
    'Every failure that is not a programmer’s mistake is a `BackupError`. Its `code` is one of those below, its `message` says what',
    'happened, what is still safe and what to do, and its `details` carry facts for programs (names of tables, numbers, reasons).',
    'Neither holds a value of a row, a password or a key. Where there is little room, `happened` is the first sentence alone. What is',
    'safe and what to do go by what was being done (`activity`: `backup`, `restore`, `store`, `read`, `settings` or `tool`); where',
    'that changes them, it is told below.',
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
      const { what, safe, action, during } = errorExplanations[code];
      return [
        '',
        `## ${code}`,
        '',
        `**What happened.** ${what}`,
        '',
        `**What is safe.** ${safe}`,
        '',
        `**What to do.** ${action}`,
        ...Object.entries(during).flatMap(([activity, advice]) => elsewhere(activity as Activity, advice)),
      ];
    }),
  ].join('\n')}\n`;
}

const inWords: Readonly<Record<Activity, string>> = {
  backup: 'In a backup',
  read: 'While something is only looked at',
  restore: 'In a restore',
  settings: 'While settings or keys are kept',
  store: 'While a copy is brought to its store',
  tool: 'In another command',
};

function elsewhere(activity: Activity, { safe, action }: Partial<ErrorAdvice>): readonly string[] {
  const said = [safe, action].filter((each) => each !== undefined).join(' ');
  return said === '' ? [] : ['', `*${inWords[activity]}:* ${said}`];
}
