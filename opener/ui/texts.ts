/** Every text of the page, in one place. */
import type { Problem } from '../data/protocol.js';

const pages = new Intl.NumberFormat('en-US');
const dayForm = new Intl.DateTimeFormat('en-US', {
  weekday: 'long',
  month: 'long',
  day: 'numeric',
  year: 'numeric',
  timeZone: 'UTC',
});
const shortDay = new Intl.DateTimeFormat('en-US', {
  month: 'short',
  day: 'numeric',
  year: 'numeric',
  timeZone: 'UTC',
});
const momentForm = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeStyle: 'short' });

export function count(value: number, one: string, many: string = `${one}s`): string {
  return `${pages.format(value)} ${value === 1 ? one : many}`;
}

/** `YYYY-MM-DD`, in words. */
export function longDay(day: string): string {
  return dayForm.format(new Date(`${day}T00:00:00Z`));
}

/** A stored date; nothing for one that means that there is none. */
export function date(stored: string): string {
  const day = stored.slice(0, 10);
  return /^\d{4}-\d\d-\d\d$/.test(day) && day >= '1880' ? shortDay.format(new Date(`${day}T00:00:00Z`)) : '';
}

/** `HH:MM` as a clock shows it. */
export function clock(time: string): string {
  const hour = Number(time.slice(0, 2));
  return `${hour % 12 === 0 ? 12 : hour % 12}:${time.slice(3, 5)} ${hour < 12 ? 'AM' : 'PM'}`;
}

export function dateAndTime(stored: string): string {
  const day = date(stored);
  return day === '' ? '' : `${day}, ${clock(stored.slice(11, 16))}`;
}

export function money(stored: string): string {
  const value = Number(stored);
  if (stored === '' || !Number.isFinite(value)) return stored;
  return value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** A moment in ISO 8601, in the time of this computer. */
export function moment(iso: string): string {
  return momentForm.format(new Date(iso));
}

export function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} KB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

export function percent(done: number, of: number): string {
  return `${of === 0 ? 100 : Math.floor((done / of) * 100)} %`;
}

/** How old a copy is. */
export function age(iso: string, now: number): string {
  const hours = (now - Date.parse(iso)) / 3_600_000;
  if (hours < 48) return `${count(Math.max(0, Math.round(hours)), 'hour')} old`;
  const days = Math.round(hours / 24);
  return days < 60 ? `${count(days, 'day')} old` : `${count(Math.round(days / 30.4), 'month')} old`;
}

export const texts = {
  title: 'Backup opener',
  skip: 'Skip to the content',
  lead: 'Look into a supplemental backup of a practice. Everything happens in this window: nothing is uploaded or copied, and closing the window forgets it all.',
  choose: 'Choose the backup file',
  drop: 'Drop a backup file here (it ends in .tar.age), or',
  severalHint:
    'You can choose several at once: today’s password then opens older copies of the same person as well.',
  beforeYouStart: 'Before you type a password',
  beforeYouStartText:
    'Use a page that came with the software, and compare its SHA-256 with the published one. Never use a page from beside the backups: anyone who can write there could have replaced it.',
  whichOne: 'Which copy?',
  otherFile: 'Choose another file',
  open: 'Open',
  opening: 'Opening… this takes a few seconds, to slow down guessing.',
  password: 'Password',
  showPassword: 'Show the password',
  withPassword: 'With the password',
  withKit: 'With a recovery kit',
  withKeyFile: 'With a key file',
  kitWords: 'Words of the recovery kit',
  kitHint:
    'The 24 words of the kit, or the 25 words each of two of its sheets. Case and line breaks do not matter.',
  passwordHint: (user: string, day: string): string =>
    `The password with which ${user} logged in on ${day} or just before.`,
  keyFile: 'Key file (age identity)',
  noPassword: 'No password opens this copy. It takes a key file.',
  facts: {
    alsoOpens: 'Also opens',
    withKitOf: (day: string, id: string): string => `with the recovery kit of ${day} (${id})`,
    practice: 'Practice',
    database: 'Database',
    taken: 'Sealed',
    scope: 'Holds',
    sealedFor: 'Opens for',
    size: 'Size',
    file: 'File',
    id: 'Archive',
  },
  scopes: { full: 'everything', critical: 'the critical tables only' },
  unproven: 'This is what the label of the file says. It is verified when the file opens.',
  nav: {
    label: 'Parts of the copy',
    schedule: 'Schedule',
    patients: 'Patients',
    tables: 'Tables',
    about: 'About',
  },
  close: 'Close the copy',
  asOf: (moment: string): string => `As of ${moment}`,
  print: 'Print',
  back: 'Back',
  loading: 'Reading…',
  reading: (done: number, of: number): string => `Reading… ${percent(done, of)}`,
  lostRows: (tables: readonly string[]): string =>
    `Rows of ${tables.map((table) => `“${table}”`).join(', ')} are lost, or may be: this screen may be incomplete.`,
  schedule: {
    title: 'Schedule',
    day: 'Day',
    earlier: 'Day before',
    later: 'Day after',
    today: 'Today',
    ofCopy: (day: string): string => `Day of the copy, ${date(day)}`,
    old: (age: string, day: string): string =>
      `This copy is ${age}. The schedule begins with the day of the copy, ${longDay(day)}; later appointments are not in it.`,
    none: 'Nothing is scheduled.',
    noPlace: 'No operatory',
    newPatient: 'New patient',
    unknownPatient: 'Patient is not in the copy',
    noPhone: 'no phone on file',
  },
  patients: {
    title: 'Patients',
    search: 'Name, birth date, phone, chart number or e-mail',
    found: (shown: number, all: number): string =>
      shown < all ? `${count(all, 'patient')}; the first ${shown} are shown` : count(all, 'patient'),
    none: 'No patient fits.',
    columns: { name: 'Name', birth: 'Born', phones: 'Phones', status: 'Status' },
  },
  sheet: {
    everything: {
      json: 'Save everything of this patient (JSON)',
      zip: 'Save everything of this patient (CSV files)',
    },
    everythingHint:
      'Every row of every table that belongs to this patient. The file is not encrypted: keep it safe.',
    none: 'Nothing is on file.',
    number: (patient: string): string => `No. ${patient}`,
    missing: 'The row of this patient is not in the copy.',
  },
  tables: {
    title: 'Tables',
    filter: 'Name of a table',
    columns: { name: 'Table', rows: 'Rows' },
    onlyFilled: 'Only tables with rows',
    damaged: 'rows are lost',
    search: 'Search in all columns',
    searchButton: 'Search',
    next: 'Next rows',
    first: 'First rows',
    rows: (from: number, to: number, of: number): string =>
      `Rows ${pages.format(from)} to ${pages.format(to)} of ${pages.format(of)}`,
    found: (shown: number): string => count(shown, 'row'),
    none: 'No row.',
    noMatch: 'No row holds this text.',
    csv: 'Save as CSV',
    saving: (done: number, of: number): string => `Saving… ${percent(done, of)}`,
    saved: 'Saved, with a ’ before text that begins like a formula. The file is not encrypted: keep it safe.',
    null: 'NULL',
    row: 'Row',
  },
  about: {
    title: 'About this copy',
    taken: 'Taken',
    holds: 'Holds',
    checked: 'Checked',
    checking: (done: number, of: number): string => `Reading every byte… ${percent(done, of)}`,
    whole: 'Every part was read and is what was written.',
    notWhole: 'No, see above.',
    notYet: 'Not yet.',
    lost: 'What is lost',
    tables: (tables: number, rows: number): string => `${count(tables, 'table')}, ${count(rows, 'row')}`,
    notIn:
      'A copy does not hold images and documents in folders, accounts of the database server, or other programs.',
    restore:
      'This page only shows. To bring the practice back to life, restore the copy with the command line or the recovery utility.',
    program: 'Program',
    noProgram: 'Not known to this page: only tables and search',
  },
  damage: {
    title: 'This copy is damaged.',
    looking: 'This copy is damaged. Searching for what is left…',
    more: 'All that is lost',
    advice: 'Open another copy if there is one. Only what could be verified is shown here.',
  },
} as const;

/** What happened, what is still safe, and what to do. */
export function problemText(problem: Problem): string {
  switch (problem.kind) {
    case 'wrong-password': {
      const whose = problem.userName === undefined ? '' : ` It was sealed for “${problem.userName}”`;
      const when = problem.at === undefined ? '' : ` on ${date(problem.at)}`;
      return `This password does not open the copy.${whose}${when === '' || whose === '' ? '' : when}${whose === '' ? '' : ': type the password of that person from that time.'} The copy is not changed, and you may try as often as you like.`;
    }
    case 'wrong-key':
      return 'This key does not open the copy: it was sealed to another one. The copy is not changed.';
    case 'kit-unknown-word':
      return `Word ${problem.word ?? '?'} is not a word of a recovery kit. Check its spelling.`;
    case 'kit-checksum':
      return 'The words do not belong together: one is wrong, or two are swapped.';
    case 'kit-count':
      return 'A recovery kit has 24 words, or 25 on each of two sheets. Some are missing, or there are too many.';
    case 'kit-one-sheet':
      return 'These are the words of one sheet. It takes those of a second one as well.';
    case 'no-key-file':
      return 'This is not an age key file: no line begins with AGE-SECRET-KEY-.';
    case 'foreign':
      return 'This is not a supplemental backup. The name of a backup ends in .tar.age.';
    case 'future':
      return 'This copy was written by a newer version of the software than this page. Use the newest opener; the copy is fine.';
    case 'beginning-damaged':
      return 'The file is damaged or cut off at its beginning, which holds the key, so it cannot be opened. Use another copy.';
    case 'nothing-left':
      return 'The key fits, but nothing of the content is left: the file is damaged from end to end. Use another copy.';
    case 'damaged':
      return 'The file is damaged here. Use another copy.';
    case 'limits':
      return 'The file needs more memory or work than a genuine copy ever does. Do not trust it; use another copy.';
    case 'gone':
      return 'The file cannot be read any more. Was it moved, or its drive removed? Choose it again.';
    case 'stopped':
      return 'Stopped.';
    case 'unexpected':
      return `Something went wrong in this page${problem.detail === undefined ? '' : ` (${problem.detail})`}. The copy is not changed; reload the page and try again.`;
  }
}
