import { quote } from './expressions.js';
import type { Shape } from './shape.js';
import { practiceGroups, practiceUsers } from './users.js';
import { procedures } from './words.js';

/** Rows written out one by one: what an office sets up once. Values are texts, numbers or null. */
export interface FixedRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Moments of the practice that depend on its today. */
function daysBefore(today: string, days: number): string {
  const day = new Date(`${today}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - days);
  return day.toISOString().slice(0, 10);
}

const never = '0001-01-01 00:00:00';

/** Users, groups, permissions, definitions, codes, chairs, programs, alert categories. */
export function officeRows(shape: Shape, preferences: ReadonlyMap<string, string>): readonly FixedRows[] {
  return [
    ...userRows(shape),
    ...definitionRows(),
    {
      table: 'preference',
      columns: ['PrefName', 'ValueString', 'PrefNum', 'Comments'],
      rows: [...preferences].map(([name, value], index) => [
        name,
        value,
        index + 1,
        index % 9 === 0 ? '' : null,
      ]),
    },
    {
      table: 'provider',
      columns: [
        'ProvNum',
        'Abbr',
        'ItemOrder',
        'LName',
        'FName',
        'Suffix',
        'FeeSched',
        'IsSecondary',
        'ProvColor',
      ],
      rows: Array.from({ length: shape.providers }, (_, index) => [
        index + 1,
        `${index % 3 === 2 ? 'HYG' : 'DOC'}${index + 1}`,
        index,
        `Provider${index + 1}`,
        'Sam',
        index % 3 === 2 ? 'RDH' : 'DDS',
        1,
        index % 3 === 2 ? 1 : 0,
        -16777216 + index * 40_000,
      ]),
    },
    {
      table: 'clinic',
      columns: ['ClinicNum', 'Description', 'City', 'State', 'Abbr', 'TimeZone'],
      rows: [
        [1, 'Main office', 'Riverton', 'OR', 'MAIN', 'Pacific Standard Time'],
        [2, 'Lakeside', 'Lakeside', 'OR', 'LAKE', 'Pacific Standard Time'],
      ],
    },
    {
      table: 'operatory',
      columns: ['OperatoryNum', 'OpName', 'Abbrev', 'ItemOrder', 'ProvDentist', 'IsHygiene', 'ClinicNum'],
      rows: Array.from({ length: shape.operatories }, (_, index) => [
        index + 1,
        `Op ${index + 1}`,
        `OP${index + 1}`,
        index,
        1,
        index % 2,
        1 + (index % 2),
      ]),
    },
    {
      table: 'employee',
      columns: ['EmployeeNum', 'LName', 'FName', 'ClockStatus'],
      rows: Array.from({ length: shape.employees }, (_, index) => [
        index + 1,
        `Employee${index + 1}`,
        'Kim',
        index % 2 === 0 ? 'Home' : 'Working',
      ]),
    },
    {
      table: 'recalltype',
      columns: ['RecallTypeNum', 'Description', 'DefaultInterval', 'TimePattern', 'Procedures'],
      rows: [
        [1, 'Cleaning', 393217, '/XX/', 'D0001,D0002'],
        [2, 'Periodontal', 196609, '/XXXX/', 'D0018'],
        [3, 'Child', 393217, '/X/', 'D0009'],
      ],
    },
    {
      table: 'alertcategory',
      columns: ['AlertCategoryNum', 'IsHQCategory', 'InternalName', 'Description'],
      rows: [
        [1, 1, 'OdAllTypes', 'All'],
        [2, 1, 'eServices', 'eServices'],
        [3, 1, 'SupplementalBackups', 'Supplemental backups'],
      ],
    },
    {
      table: 'alertcategorylink',
      columns: ['AlertCategoryLinkNum', 'AlertCategoryNum', 'AlertType'],
      rows: [
        [1, 1, 23],
        [2, 3, 23],
      ],
    },
    {
      table: 'program',
      columns: ['ProgramNum', 'ProgName', 'ProgDesc', 'Enabled', 'Path', 'CommandLine', 'Note'],
      rows: [
        [1, 'eClinicalWorks', 'eClinicalWorks', 0, '', '', null],
        [
          2,
          'ImageViewer',
          'An image viewer',
          1,
          'C:\\Program Files\\Viewer\\viewer.exe',
          '"-p" %ChartNum%',
          '',
        ],
      ],
    },
    {
      table: 'clearinghouse',
      columns: ['ClearinghouseNum', 'Description', 'ISA05', 'ISA07', 'ISA08'],
      rows: [[1, 'Clearing House of Tests', 'ZZ', 'ZZ', 'CLEARHOUSE']],
    },
    {
      table: 'claimform',
      columns: ['ClaimFormNum', 'Description', 'FontName', 'FontSize'],
      rows: [[1, 'Standard', 'Arial', 9]],
    },
    { table: 'pharmacy', columns: ['PharmacyNum', 'StoreName'], rows: [[1, 'Riverton Pharmacy']] },
    { table: 'laboratory', columns: ['LaboratoryNum', 'Description'], rows: [[1, 'Crown & Bridge Lab']] },
    {
      table: 'covcat',
      columns: ['CovCatNum', 'Description', 'DefaultPercent', 'CovOrder', 'EbenefitCat'],
      rows: ['General', 'Preventive', 'Basic', 'Crowns', 'Prosthodontics', 'Orthodontics'].map(
        (name, index) => [index + 1, name, [-1, 100, 80, 50, 50, 0][index] ?? -1, index, index + 1],
      ),
    },
    {
      table: 'procedurecode',
      columns: ['CodeNum', 'ProcCode', 'Descript', 'AbbrDesc', 'ProcTime', 'ProcCat', 'DefaultNote'],
      rows: procedures.map((name, index) => [
        index + 1,
        `D${String(index + 1).padStart(4, '0')}`,
        name,
        name.slice(0, 12),
        '/X/',
        110 + (index % 6),
        index % 5 === 0 ? 'Explained options and risks; questions answered.' : null,
      ]),
    },
  ];
}

function userRows(shape: Shape): readonly FixedRows[] {
  const permissions = [1, 2, 3, 8, 11, 12, 25, 26, 27, 28, 34, 41, 57, 83, 92];
  const rows: (readonly number[])[] = [];
  practiceGroups.forEach((_, group) => {
    for (const permission of permissions) {
      if (group === 0 || (permission + group) % 3 !== 0) rows.push([group + 1, permission, 0]);
    }
  });
  // SecurityAdmin for the first group; for the fourth only about one object, which grants nothing.
  rows.push([1, 24, 0], [4, 24, 7]);
  const attached = practiceUsers.flatMap((user) =>
    user.groups.map((group) => [user.userNum, group] as const),
  );
  return [
    {
      table: 'usergroup',
      columns: ['UserGroupNum', 'Description'],
      rows: practiceGroups.map((name, index) => [index + 1, name]),
    },
    {
      table: 'userod',
      columns: [
        'UserNum',
        'UserName',
        'Password',
        'UserGroupNum',
        'EmployeeNum',
        'IsHidden',
        'AnesthProvType',
        'PasswordIsStrong',
        'UserNumCEMT',
        'DomainUser',
        'MobileWebPin',
        'DateTLastLogin',
        'EClipboardClinicalPin',
        'BadgeId',
      ],
      rows: practiceUsers.map((user) => [
        user.userNum,
        user.userName,
        user.stored,
        0,
        user.userNum <= shape.employees ? user.userNum : 0,
        user.isHidden ? 1 : 0,
        3,
        0,
        user.cemt,
        '',
        '',
        user.daysSinceLogin === null
          ? never
          : `${daysBefore(shape.today, user.daysSinceLogin)} 08:15:${10 + user.userNum}`,
        '',
        '',
      ]),
    },
    {
      table: 'usergroupattach',
      columns: ['UserGroupAttachNum', 'UserNum', 'UserGroupNum'],
      rows: attached.map(([user, group], index) => [index + 1, user, group]),
    },
    {
      table: 'grouppermission',
      columns: ['GroupPermNum', 'NewerDate', 'NewerDays', 'UserGroupNum', 'PermType', 'FKey'],
      rows: rows.map(([group = 0, permission = 0, key = 0], index) => [
        index + 1,
        '0001-01-01',
        0,
        group,
        permission,
        key,
      ]),
    },
  ];
}

// The numbers are those that the plans of the other tables use.
const definitions: readonly (readonly [first: number, category: number, names: readonly string[]])[] = [
  [1, 0, ['Adjustment up', 'Adjustment down', 'Courtesy']],
  [20, 27, ['ApptRelated', 'Insurance', 'Financial', 'Recall', 'Misc']],
  [40, 4, ['Standard', 'Finance charge', 'No statement']],
  [50, 13, ['Called once', 'Postcard sent', 'E-mailed']],
  [60, 2, ['Not called', 'Left message', 'Confirmed', 'Texted']],
  [70, 20, ['1', '2', '3', 'Declined']],
  [80, 10, ['Check', 'Cash', 'Credit card', 'Refund']],
  [90, 1, ['Discount', 'Write-off', 'Late fee']],
  [100, 18, ['Images', 'Insurance', 'Letters', 'Statements']],
  [110, 11, ['Exams', 'Cleanings', 'Fillings', 'Endo', 'Crowns', 'Surgery']],
];

function definitionRows(): readonly FixedRows[] {
  return [
    {
      table: 'definition',
      columns: ['DefNum', 'Category', 'ItemOrder', 'ItemName', 'ItemValue', 'ItemColor', 'IsHidden'],
      rows: definitions.flatMap(([first, category, names]) =>
        names.map((name, index) => [first + index, category, index, name, '', -1 - index * 4000, 0]),
      ),
    },
  ];
}

/** An INSERT of rows written out. */
export function insertRows(fixed: FixedRows): string | undefined {
  if (fixed.rows.length === 0) return undefined;
  const columns = fixed.columns.map((column) => `\`${column}\``).join(', ');
  const rows = fixed.rows.map(
    (row) =>
      `(${row.map((value) => (value === null ? 'NULL' : typeof value === 'number' ? String(value) : quote(value.replaceAll('\\', '\\\\')))).join(', ')})`,
  );
  return `INSERT INTO \`${fixed.table}\` (${columns}) VALUES ${rows.join(',\n')}`;
}
