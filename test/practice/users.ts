import { createHash } from 'node:crypto';
import { md5 } from '@noble/hashes/legacy.js';
import { sha3_512 } from '@noble/hashes/sha3.js';

/** A user of the practice, with the password that no real database would tell. */
export interface PracticeUser {
  readonly userNum: number;
  readonly userName: string;
  /** What the user types; undefined where nobody knows. */
  readonly password: string | undefined;
  /** `userod.Password`. */
  readonly stored: string;
  /** Holds SecurityAdmin (PermType 24, FKey 0) through a group. */
  readonly isAdmin: boolean;
  readonly isHidden: boolean;
  /** Days before the practice's today, at 8:15; null is never. */
  readonly daysSinceLogin: number | null;
  readonly groups: readonly number[];
  /** `userod.UserNumCEMT`: managed from headquarters of a group of practices. */
  readonly cemt: number;
  /** Why this user is here. */
  readonly purpose: string;
}

/** The password of {@link practiceAdmin}, for the demo and for tests. */
export const practiceAdminPassword = 'molar-velvet-harbor-31';

/** `HashType$Salt$Hash` as Open Dental writes it; the salt is text and comes first. */
export function storePassword(password: string, scheme: 'SHA3_512' | 'MD5', salt: string): string {
  const bytes = Buffer.from(salt + password, 'utf16le');
  const hash = scheme === 'MD5' ? md5(bytes) : sha3_512(bytes);
  return `${scheme}$${salt}$${Buffer.from(hash).toString('base64')}`;
}

function saltOf(user: string, bytes: number): string {
  return createHash('sha512').update(`salt of ${user}`).digest().subarray(0, bytes).toString('base64');
}

const sha3 = (user: string, password: string): string =>
  storePassword(password, 'SHA3_512', saltOf(user, 64));

/** The groups: 1 holds SecurityAdmin; 4 has a PermType 24 row for one object only, which grants nothing. */
export const practiceGroups: readonly string[] = ['Admin', 'Front Desk', 'Clinical', 'Office Manager'];

/** Everybody, in the order of UserNum. User 1 is the last admin who logged in. */
export const practiceUsers: readonly PracticeUser[] = (
  [
    {
      userName: 'Admin',
      password: practiceAdminPassword,
      stored: sha3('Admin', practiceAdminPassword),
      daysSinceLogin: 1,
      groups: [1],
      purpose: 'the last admin who logged in',
    },
    {
      userName: 'Brenda',
      password: 'Pässwörd😀',
      stored: storePassword('Pässwörd😀', 'MD5', saltOf('Brenda', 16)),
      daysSinceLogin: 9,
      groups: [1, 3],
      purpose: 'an admin of two groups, salted MD5, a password outside ASCII',
    },
    {
      userName: 'Carl',
      password: '1234',
      stored: Buffer.from(md5(Buffer.from('1234', 'utf16le'))).toString('base64'),
      daysSinceLogin: 0,
      groups: [3],
      purpose: 'no admin; MD5 without salt, as before 18.3',
    },
    {
      userName: 'Dolores',
      password: '',
      stored: 'None$$',
      daysSinceLogin: 30,
      groups: [1],
      purpose: 'an admin without a password',
    },
    {
      userName: 'Ewa',
      password: '1234',
      stored: `MD5_ECW$$${Buffer.from(md5(Buffer.from('1234', 'ascii'))).toString('hex')}`,
      daysSinceLogin: 2,
      groups: [2],
      purpose: 'no admin; came over from eClinicalWorks',
    },
    {
      userName: 'Front Desk',
      password: 'reception',
      stored: sha3('Front Desk', 'reception'),
      daysSinceLogin: 0,
      groups: [2],
      purpose: 'logged in after every admin, but is none',
    },
    {
      userName: 'Former Owner',
      password: 'sold-it-all',
      stored: sha3('Former Owner', 'sold-it-all'),
      isHidden: true,
      daysSinceLogin: 0,
      groups: [1],
      cemt: 12,
      purpose: 'a hidden admin with the newest login',
    },
    {
      userName: 'New Admin',
      password: 'not-yet-used',
      stored: sha3('New Admin', 'not-yet-used'),
      daysSinceLogin: null,
      groups: [1],
      purpose: 'an admin who never logged in',
    },
    {
      userName: 'Office Manager',
      password: 'ledger-and-keys',
      stored: sha3('Office Manager', 'ledger-and-keys'),
      daysSinceLogin: 0,
      groups: [4],
      purpose: 'PermType 24 for one object only, which is no admin',
    },
    {
      userName: 'Old Kiosk',
      password: undefined,
      stored: 'lakjdfhldjfyndslf',
      daysSinceLogin: 2000,
      groups: [],
      purpose: 'a text without any format, in no group',
    },
    {
      userName: "Zoë O'Hara",
      password: '',
      stored: '',
      daysSinceLogin: 400,
      groups: [3],
      purpose: 'an empty stored password and a name that needs care',
    },
  ] satisfies readonly Omit<PracticeUserDraft, 'userNum'>[]
).map((user: Omit<PracticeUserDraft, 'userNum'>, index) => ({
  isHidden: false,
  cemt: 0,
  isAdmin: user.groups.includes(1),
  ...user,
  userNum: index + 1,
}));

type PracticeUserDraft = Omit<PracticeUser, 'isHidden' | 'cemt' | 'isAdmin'> &
  Partial<Pick<PracticeUser, 'isHidden' | 'cemt'>>;

/** The user whom a backup of the untouched practice must be sealed for. */
export const practiceAdmin: PracticeUser = practiceUsers[0]!;
