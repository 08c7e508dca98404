import { practiceVersion } from './schema.js';

/**
 * Preferences of an eligible practice in the United States: on support, enabled, never backed up. Tests
 * change what they need. The names are Open Dental's; a few hundred more that no test reads are only
 * numbered.
 */
export function practicePreferences(today: string): ReadonlyMap<string, string> {
  const known: readonly (readonly [string, string])[] = [
    ['AtoZfolderUsed', '1'],
    ['BackupExcludeImageFolder', '0'],
    ['BackupFromPath', 'C:\\mysql\\data\\'],
    ['BackupIndexesDisabled', '0'],
    ['BackupReminderLastDateRun', `${today} 00:00:00`],
    ['BackupRestoreFromPath', 'D:\\'],
    ['BackupToPath', 'D:\\'],
    ['CorruptedDatabase', '0'],
    ['DataBaseVersion', `${practiceVersion}`],
    ['DatabaseConvertedForMySql41', '1'],
    ['DatabaseGlobalVariablesDontSet', '0'],
    ['DatabaseMode', '0'],
    ['DocPath', 'C:\\OpenDentImages\\'],
    ['EasyNoClinics', '0'],
    ['HelpKey', 'dGhpcyBpcyBub3QgYSByZWFsIGtleQ=='],
    ['LanguageAndRegion', 'en-US'],
    ['LanguagesUsedByPatients', 'eng,spa'],
    ['MySqlVersion', '5.6'],
    ['PracticeAddress', '12 Mill Road'],
    ['PracticeCity', 'Riverton'],
    ['PracticePhone', '5035550100'],
    ['PracticeST', 'OR'],
    ['PracticeTitle', 'Riverton Dental of Tests'],
    ['PracticeZip', '97000'],
    ['ProgramVersion', practiceVersion],
    ['RandomPrimaryKeys', '0'],
    ['RegistrationKey', 'TESTTESTTESTTEST'],
    ['RegistrationKeyIsDisabled', '0'],
    ['SupplementalBackupDateLastComplete', '0001-01-01 00:00:00'],
    ['SupplementalBackupEnabled', '1'],
    ['SupplementalBackupNetworkPath', ''],
    ['UpdateServerAddress', 'https://updates.example.com/'],
    ['UpdateStreamLinePassword', ''],
  ];
  const others = Array.from({ length: 240 }, (_, index): readonly [string, string] => [
    `Setting${String(index).padStart(3, '0')}`,
    ['0', '1', '', '0001-01-01', 'Please call us with any questions.', '-16777216'][index % 6] ?? '',
  ]);
  return new Map([...known, ...others]);
}
