import { type Activity, type BackupErrorCode, type ErrorAdvice, errorExplanations } from '../../src/index.js';

/** `docs/ERRORS.md`, made from the explanations in `src/errors.ts`. */
export function renderErrorsPage(): string {
  const codes = (Object.keys(errorExplanations) as BackupErrorCode[]).sort();
  return `${[
    '# Errors',
    'Every failure that is not a programmer’s mistake is a `BackupError`. Its `code` is one of those below. Its `message` says what',
    'happened, what is still safe and what to do. Its `details` hold facts for programs (names of tables, numbers, reasons).',
    'Neither holds a value of a row, a password or a key. `happened` is the first sentence alone, for places with little room. What is',
    'safe and what to do depend on the `activity` during which it happened: `backup`, `restore`, `store`, `read`, `settings` or',
    '`tool`. Where an activity changes the advice, its own advice is below in italics.',
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
  read: 'While an archive or a database is only read',
  restore: 'In a restore',
  settings: 'While settings or keys are saved',
  store: 'While a copy is sent to its store',
  tool: 'In another command',
};

function elsewhere(activity: Activity, { safe, action }: Partial<ErrorAdvice>): readonly string[] {
  const said = [safe, action].filter((each) => each !== undefined).join(' ');
  return said === '' ? [] : ['', `*${inWords[activity]}:* ${said}`];
}
