import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { createFileKits } from '../../src/admin/kits/kit-store.js';
import { createRecoveryKit } from '../../src/admin/kits/recovery-kit.js';
import { collectBytes } from '../../src/bytes.js';
import type { TextRow } from '../../src/database/connection.js';
import {
  type AdminCandidate,
  type ArchiveReader,
  encryptArchive,
  openArchive,
  sealFor,
} from '../../src/index.js';
import { csvHeader, csvRows } from '../../src/recovery/export/csv.js';
import { extractPatient, type PatientSummary } from '../../src/recovery/index.js';
import { patientJson } from '../../src/recovery/records/patient-json.js';
import { createMemoryEnrollments } from '../../src/testing.js';
import { adminOf, lightWork, storedOf } from '../admin/admins.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';
import { runHere } from '../cli/support.js';
import { practiceAdminPassword } from '../practice/index.js';
import { projectRoot } from '../support/project.js';
import { whyMissing } from '../support/servers.js';
import { Browser, chromium, Page } from './chromium.js';
import { type CopyOfPractice, copyOfPractice, practiceToday } from './copy-of-practice.js';
import { describeOnePatient } from './one-patient.js';

const built = join(projectRoot, 'dist', 'opener.html');

describe('the page that opens a copy', () => {
  const html = readFileSync(built, 'utf8');

  it('is one file of at most 400 KB that names nothing outside itself', () => {
    assert.ok(html.length <= 400_000, `${html.length} bytes`);
    assert.doesNotMatch(
      html.split('id="licences"')[0]!,
      /<(?:link|img|iframe|object|embed)\b|\b(?:src|href)="(?!#)|@import|url\(/,
    );
  });

  it('allows itself its own script and style and nothing else', () => {
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)!;
    const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const [, style] = /<style>([\s\S]*?)<\/style>/.exec(html)!;
    const [, script] = /<script>([\s\S]*?)<\/script>/.exec(html)!;
    assert.equal(
      policy,
      `default-src 'none'; script-src ${hashOf(script!)}; style-src ${hashOf(style!)}; worker-src blob:; base-uri 'none'; form-action 'none'`,
    );
  });

  it('is built of the same source to the same bytes', async () => {
    const { buildOpener } = (await import(pathToFileURL(join(projectRoot, 'opener', 'build.mjs')).href)) as {
      buildOpener(): Promise<string>;
    };
    assert.ok((await buildOpener()) === html);
    assert.ok(!html.includes(projectRoot));
  });

  it('comes out of the command line with its SHA-256, and over nothing that is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-page-'));
    try {
      const out = join(folder, 'opener.html');
      const { code, stdout } = await runHere(['opener', '--out', out]);
      assert.equal(code, 0);
      assert.ok(stdout.includes(createHash('sha256').update(html).digest('hex')));
      assert.equal(readFileSync(out, 'utf8'), html);
      const again = await runHere(['opener', '--out', out]);
      assert.notEqual(again.code, 0);
      assert.match(again.stderr, /already/);
      assert.deepEqual(readdirSync(folder), ['opener.html']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

const kind = (['mariadb', 'mysql-5.6'] as const).find((name) => whyMissing(name) === undefined);

describe('a copy of a practice', {
  skip: kind === undefined ? 'not on this machine: a server' : false,
}, () => {
  let copy: CopyOfPractice;
  before(async () => {
    copy = await copyOfPractice(kind!);
  });
  after(() => copy?.remove());
  describe('one patient out of it', () => describeOnePatient(() => copy));
  describe(
    'in a browser',
    { skip: chromium === undefined ? 'not on this machine: chromium' : false, timeout: 240_000 },
    () => describeInBrowser(() => copy),
  );
});

function describeInBrowser(given: () => CopyOfPractice): void {
  let copy: CopyOfPractice;
  let browser: Browser;
  let page: Page;
  let downloads: string;
  before(async () => {
    copy = given();
    downloads = join(copy.folder, 'saved');
    browser = Browser.start();
    page = await Page.open(browser, pathToFileURL(built).href, downloads);
  });
  after(() => browser?.close());

  /** A new page, up to the question for the key. */
  const choose = async (...files: readonly string[]): Promise<void> => {
    await page.reload();
    await page.until("document.querySelector('h1')?.textContent === 'Backup opener'");
    await page.choose('input[type=file]', files);
  };
  const openWith = async (password: string): Promise<void> => {
    await page.until("document.querySelector('#password')");
    await page.fill('#password', password);
    await page.key('Enter');
  };
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(copy.folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const openCopy = (): Promise<ArchiveReader> => {
    const bytes = readFileSync(copy.archive);
    const source = { size: bytes.length, read: async (at: number, n: number) => bytes.subarray(at, at + n) };
    return openArchive(source, { password: practiceAdminPassword });
  };
  const cells = (selector: string): Promise<readonly (readonly string[])[]> =>
    page.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(`${selector} tbody tr`)})].map((row) => [...row.children].map((cell) => cell.textContent))`,
    );

  it('opens by the keyboard alone, and begins with the schedule', async () => {
    await page.until("document.querySelector('h1')?.textContent === 'Backup opener'");
    await page.tabTo('Choose the backup file');
    await page.choose('input[type=file]', [copy.archive]);
    await page.untilText('Example Dental');
    assert.match(await page.text(), /Opens for\s+Admin/);
    await page.tabTo('Password');
    await page.type('wrong password');
    await page.key('Enter');
    await page.untilText('This password does not open the copy. It was sealed for “Admin”');
    await page.fill('#password', practiceAdminPassword);
    await page.tabTo('Open');
    await page.key('Enter');
    await page.until("document.querySelector('.day')");
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Schedule');
    await page.tabTo('Patients');
    await page.key('Enter');
    await page.until("document.querySelector('tbody tr')");
    await page.tabTo('Schedule');
    await page.key('Enter');
    await page.until("document.querySelector('.day')");
  });

  it('shows the schedule that the database has, with names, phones and what was to be done', async () => {
    const visits = (await copy.query(`
      SELECT DATE(AptDateTime) AS day, o.OpName AS place, TIME_FORMAT(AptDateTime, '%l:%i %p') AS at, p.LName AS last, p.FName AS first,
        p.WirelessPhone AS phone, a.ProcDescript AS what, a.Note AS note, a.AptStatus AS status
      FROM appointment a JOIN patient p USING (PatNum) JOIN operatory o ON o.OperatoryNum = a.Op
      WHERE AptStatus IN (1, 2, 4, 5, 7, 8) ORDER BY AptDateTime, AptNum`)) as readonly TextRow[];
    const days = [...new Set(visits.map((visit) => visit['day']!))]
      .filter((day) => day >= practiceToday)
      .slice(0, 3);
    assert.equal(days.length, 3);
    for (const day of days) {
      await page.evaluate(
        `(() => { const day = document.querySelector('#day'); day.value = '${day}'; day.dispatchEvent(new Event('change', { bubbles: true })); })()`,
      );
      await page.until(`document.querySelector('#day-${day}') && !document.querySelector('.waiting')`);
      const shown = await page.evaluate<readonly string[]>(
        `[...document.querySelector('#day-${day}').parentElement.querySelectorAll('.place')].flatMap((place) => [...place.querySelectorAll('.visit')].map((visit) => place.querySelector('h3').textContent + ': ' + visit.textContent))`,
      );
      const expected = visits.filter((visit) => visit['day'] === day);
      assert.equal(shown.length, expected.length, day);
      for (const { place, at, last, first, phone, what, note } of expected as readonly Record<
        string,
        string
      >[]) {
        const found = shown.filter(
          (text) => text.startsWith(`${place}: ${at}`) && text.includes(`${last}, ${first}`),
        );
        assert.ok(
          found.some((text) => text.includes(phone!) && text.includes(what!) && text.includes(note ?? '')),
          `${day} ${place} ${at} of ${last}: ${shown.join('\n')}`,
        );
      }
    }
  });

  it('shows the sheets of 20 patients as the database has them', async () => {
    const patients = await copy.query('SELECT * FROM patient WHERE PatStatus <> 4 ORDER BY PatNum LIMIT 20');
    assert.equal(patients.length, 20);
    for (const patient of patients as readonly Record<string, string>[]) {
      const number = patient['PatNum']!;
      await page.press('Patients');
      await page.fill('#search', patient['ChartNumber']!);
      await page.until(
        `document.querySelectorAll('tbody tr').length === 1 && document.querySelector('tbody').textContent.includes(${JSON.stringify(patient['WirelessPhone'])})`,
      );
      await page.evaluate("document.querySelector('tbody .link').click()");
      await page.until(
        `document.querySelector('.sheet') && !document.querySelector('.waiting') && document.querySelector('[data-section=balances]')`,
      );
      const text = await page.evaluate<string>("document.querySelector('.sheet').textContent");
      for (const column of [
        'LName',
        'FName',
        'Address',
        'City',
        'Email',
        'WirelessPhone',
        'HmPhone',
        'MedUrgNote',
      ])
        assert.ok(text.includes(patient[column]!), `${column} of ${number}`);
      for (const [section, sql] of Object.entries(sheetQueries)) {
        const expected = withoutEmptyColumns(
          (await copy.query(sql.replace(/= N\b/g, `= ${number}`))).map((row) =>
            Object.values(row).map(String),
          ),
        );
        assert.deepEqual(
          (await cells(`[data-section=${section}]`)).map((row) => row.join('|')).sort(),
          expected.map((row) => row.join('|')).sort(),
          `${section} of ${number}`,
        );
      }
      const balance = Number(patient['EstBalance']).toLocaleString('en-US', { minimumFractionDigits: 2 });
      assert.ok(
        (
          await page.evaluate<string>("document.querySelector('[data-section=balances]').textContent")
        ).includes(`Patient balance${balance}`),
      );
    }
  });

  it('saves everything of a patient as the library extracts it', async () => {
    const number = await page.evaluate<string>(
      "/No\\. (\\d+)/.exec(document.querySelector('.sheet').textContent)[1]",
    );
    await page.press('Save everything of this patient (JSON)');
    const saved = await untilSaved(join(downloads, `patient-${number}.json`));
    let expected = '';
    for await (const piece of patientJson(extractPatient(await openCopy(), number), () => undefined))
      expected += piece;
    assert.equal(saved, expected);
  });

  it('saves the same as CSV files in a folder, as the command line writes them', async () => {
    const number = await page.evaluate<string>(
      "/No\\. (\\d+)/.exec(document.querySelector('.sheet').textContent)[1]",
    );
    await page.press('Save everything of this patient (CSV files)');
    const path = join(downloads, `patient-${number}.zip`);
    await untilSaved(path);
    const folder = join(copy.folder, 'by-command-line');
    const told = await runHere(
      [
        'extract',
        copy.archive,
        '--password-fd',
        '3',
        '--patient',
        number,
        '--format',
        'csv',
        '--out',
        folder,
      ],
      { password: practiceAdminPassword },
    );
    assert.equal(told.code, 0, told.stderr);
    const unpacked = join(copy.folder, 'unpacked');
    // Not by the library that packed it.
    execFileSync('python3', ['-m', 'zipfile', '-e', path, unpacked]);
    const inZip = join(unpacked, `patient-${number}`);
    assert.deepEqual(readdirSync(inZip).sort(), [...readdirSync(folder), 'summary.json'].sort());
    for (const name of readdirSync(folder))
      assert.equal(
        // No text of this practice begins like a formula.
        readFileSync(join(inZip, name), 'utf8'),
        readFileSync(join(folder, name), 'utf8'),
        name,
      );
    const { patient } = JSON.parse(readFileSync(join(inZip, 'summary.json'), 'utf8')) as PatientSummary;
    assert.equal(patient, number);
  });

  it('shows, searches and saves any table', async () => {
    await page.press('Tables');
    await page.fill('#filter', 'procedurecode');
    await page.until("document.querySelectorAll('.list tbody tr').length === 1");
    await page.press('procedurecode');
    await page.until("document.querySelector('.grid tbody tr')");
    const [{ rows }] = (await copy.query('SELECT COUNT(*) AS `rows` FROM procedurecode')) as [
      Record<string, string>,
    ];
    await page.untilText(`of ${rows}`);
    await page.press('Next rows');
    await page.untilText('Rows 51 to');
    await page.fill('#find', 'D0015');
    await page.key('Enter');
    await page.until("document.querySelectorAll('.grid tbody tr').length === 1");
    assert.ok((await cells('.grid'))[0]!.includes('D0015'));
    await page.press('Save as CSV');
    const saved = await untilSaved(join(downloads, 'procedurecode.csv'));
    const archive = await openCopy();
    const table = await archive.table('procedurecode');
    let expected = csvHeader(table, { spreadsheet: true });
    for await (const batch of archive.readTable('procedurecode'))
      expected += csvRows(table, batch, { spreadsheet: true });
    assert.equal(saved, expected);
  });

  it('names everything that can be used on every screen', async () => {
    for (const screen of ['Schedule', 'Patients', 'Tables', 'About']) {
      await page.press(screen);
      await page.until(`document.querySelector('h1').textContent.startsWith('${screen}')`);
      assert.deepEqual(await page.nameless(), [], screen);
    }
    await page.press('Patients');
    await page.until("document.querySelector('tbody .link')");
    await page.evaluate("document.querySelector('tbody .link').click()");
    await page.until("document.querySelector('.sheet')");
    assert.deepEqual(await page.nameless(), [], 'Sheet');
  });

  it('reads the whole copy by itself and says when it is whole', async () => {
    await page.press('About');
    await page.untilText('Every part was read and is what was written.', 60);
  });

  it('begins an old copy with the day on which it was taken', async () => {
    const { identifier } = await page.send('Page.addScriptToEvaluateOnNewDocument', {
      source: `globalThis.Date = class extends Date { constructor(...given) { if (given.length > 0) super(...given); else super(Date.now()); } static now() { return new (Object.getPrototypeOf(Date))().getTime() + 40 * 86400000; } };`,
    });
    await choose(copy.archive);
    await openWith(practiceAdminPassword);
    await page.untilText('This copy is 40 days old. The schedule begins with the day of the copy');
    await page.send('Page.removeScriptToEvaluateOnNewDocument', { identifier });
  });

  it('opens a database of no known program with tables and search alone, by a key file', async () => {
    const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
    const identity = await generateX25519Identity();
    const sealed = encryptArchive(sampleParts(), {
      recipients: [await identityToRecipient(identity)],
      label: sampleLabel,
    });
    const archive = file('plain.tar.age', await collectBytes(sealed));
    await choose(archive);
    await page.untilText('No password opens this copy.');
    await page.choose('#key-file', [file('no-key.txt', Buffer.from('hello'))]);
    await page.untilText('This is not an age key file');
    await page.choose('#key-file', [
      file('other-key.txt', Buffer.from(`# a key\n${await generateX25519Identity()}\n`)),
    ]);
    await page.untilText('This key does not open the copy: it was sealed to another one.');
    await page.choose('#key-file', [file('key.txt', Buffer.from(`${identity}\n`))]);
    await page.until("document.querySelector('.list tbody tr')");
    assert.deepEqual(
      await page.evaluate("[...document.querySelectorAll('nav button')].map((each) => each.textContent)"),
      ['Tables', 'About'],
    );
    // A label that is damaged takes nothing from whoever has the key, and is told.
    const damaged = Buffer.from(readFileSync(archive));
    damaged[damaged.indexOf('-> supplemental-backup/label') + 60] = 0x07;
    await choose(file('damaged-label.tar.age', damaged));
    await page.untilText('It takes a key file.');
    await page.choose('#key-file', [file('key.txt', Buffer.from(`${identity}\n`))]);
    await page.untilText('no row is lost', 60);
    await page.press('About');
    await page.untilText('The label of the archive, or another line of its header, is damaged');
  });

  it('opens by the words of a recovery kit that the label names, and says what is wrong with words', async () => {
    const made = await createRecoveryKit({
      store: createFileKits({ path: join(copy.folder, 'kits.json') }),
      practice: 'Example',
      owner: 'Ada',
      sheets: 3,
    });
    const [one, two] = made.words.map((words) => words.reveal());
    const { id, createdAt, recipient } = made.kit;
    const label = { ...sampleLabel, recoveryKits: [{ id, createdAt, recipient }] };
    const sealed = encryptArchive(sampleParts(), { recipients: [recipient], label });
    await choose(file('kit.tar.age', await collectBytes(sealed)));
    await page.untilText(`with the recovery kit of`);
    await page.press('With a recovery kit');
    for (const [words, told] of [
      [one!, 'These are the words of one sheet.'],
      [`abandon ${one}`, 'A recovery kit has 24 words'],
      [`xyzzyq ${one}`, 'Word 1 is not a word of a recovery kit'],
      [`${'abandon '.repeat(22)}art abandon`, 'The words do not belong together'],
      [`${'abandon '.repeat(23)}art`, 'This key does not open the copy'],
    ] as const) {
      await page.fill('#kit-words', words);
      await page.press('Open');
      await page.untilText(told);
    }
    await page.fill('#kit-words', `${two} ${one}`.toUpperCase());
    await page.press('Open');
    await page.until("document.querySelector('.list tbody tr')");
  });

  it('opens an older copy by today’s password, when a newer one of the same person is chosen as well', async () => {
    const store = createMemoryEnrollments();
    const seal = async (admin: AdminCandidate, name: string): Promise<string> => {
      const { recipients, keyHolder, unlock } = await sealFor(
        { kind: 'found', admin, warnings: [] },
        { store },
      );
      const label = { ...sampleLabel, keyHolder, unlock };
      return file(name, await collectBytes(encryptArchive(sampleParts(), { recipients, label })));
    };
    const spring = adminOf({ stored: storedOf('spring meadow', 'c3ByaW5n') });
    await enrollAdminWith(lightWork, spring, 'spring meadow', { store });
    const older = await seal(spring, 'older.tar.age');
    const summer = adminOf({ stored: storedOf('summer harbor', 'c3VtbWVy') });
    const passwords = { oldPassword: 'spring meadow', newPassword: 'summer harbor' };
    await changeAdminPasswordWith(lightWork, summer, passwords, { store });
    const newer = await seal(summer, 'newer.tar.age');
    await choose(older);
    await openWith('summer harbor');
    await page.untilText('This password does not open the copy.');
    await choose(older, newer);
    await page.until("document.querySelectorAll('.card').length === 2");
    await page.evaluate(
      "[...document.querySelectorAll('.card')].find((card) => card.textContent.includes('older')).click()",
    );
    await openWith('summer harbor');
    await page.until("document.querySelector('.list tbody tr')");
  });

  it('tells a foreign file, a later format and a damaged beginning apart', async () => {
    const bytes = readFileSync(copy.archive);
    await choose(file('letter.txt', Buffer.from('Dear patient')));
    await page.untilText('This is not a supplemental backup.');
    await choose(file('later.tar.age', ofFormat(bytes, 9)));
    await page.untilText('This copy was written by a newer version of the software than this page.');
    await choose(file('stump.tar.age', bytes.subarray(0, 300)));
    await page.untilText('The file is damaged or cut off at its beginning');
    await choose(copy.archive, file('letter.txt', Buffer.from('Dear patient')));
    await page.untilText('Which copy?');
    await page.untilText('This is not a supplemental backup.');
  });

  it('opens a cut file as far as it goes, with the loss on every screen', async () => {
    const bytes = readFileSync(copy.archive);
    await choose(file('cut.tar.age', bytes.subarray(0, Math.floor(bytes.length * 0.6))));
    await openWith(practiceAdminPassword);
    await page.untilText('This copy is damaged. The file ends early', 60);
    for (const screen of ['Patients', 'Tables', 'About', 'Schedule']) {
      await page.press(screen);
      await page.until(`document.querySelector('h1').textContent.startsWith('${screen}')`);
      assert.match(
        await page.evaluate("document.querySelector('.damage').textContent"),
        /The file ends early; .* lost rows/,
      );
    }
    const shown = await page.evaluate<string>("getComputedStyle(document.querySelector('.damage')).color");
    assert.equal(shown, 'rgb(179, 38, 30)');
  });

  it('finds a flipped byte by itself, tells it, and goes on with what is left', async () => {
    const bytes = Buffer.from(readFileSync(copy.archive));
    bytes[Math.floor(bytes.length * 0.8)]! ^= 1;
    await choose(file('flipped.tar.age', bytes));
    await openWith(practiceAdminPassword);
    await page.until("document.querySelector('.day')");
    await page.untilText('This copy is damaged. The archive is damaged;', 60);
    await page.press('About');
    await page.untilText('What is lost');
    assert.ok((await page.evaluate<number>("document.querySelectorAll('.losses li').length")) >= 2);
    await page.press('Patients');
    await page.until("document.querySelector('tbody tr')");
  });

  it('asked for nothing outside itself, and complained of nothing', () => {
    assert.deepEqual(
      page.requests.filter((address) => !/^(?:file|blob|data):/.test(address)),
      [],
    );
    assert.ok(
      page.requests.some((address) => address.startsWith('blob:')),
      'the worker is among them',
    );
    assert.deepEqual(page.complaints, []);
  });
}

const when = (column: string): string =>
  `IF(${column} < '1880-01-01', '', DATE_FORMAT(${column}, '%b %e, %Y'))`;
const sheetQueries: Readonly<Record<string, string>> = {
  allergies:
    "SELECT d.Description, a.Reaction, IF(a.StatusIsActive, 'yes', 'no') FROM allergy a JOIN allergydef d USING (AllergyDefNum) WHERE PatNum = N",
  appointments: `SELECT DATE_FORMAT(AptDateTime, '%b %e, %Y, %l:%i %p'), ELT(AptStatus, 'Scheduled', 'Complete', 'Unscheduled list', 'ASAP', 'Broken', 'Planned'), ProcDescript, p.Abbr, o.OpName, Note FROM appointment a LEFT JOIN provider p USING (ProvNum) LEFT JOIN operatory o ON o.OperatoryNum = a.Op WHERE PatNum = N`,
  procedures: `SELECT ${when('ProcDate')}, ELT(ProcStatus, 'Planned', 'Complete', '', 'Existing, elsewhere'), CONCAT(c.ProcCode, ' ', c.Descript), ToothNum, Surf, p.Abbr, FORMAT(ProcFee, 2) FROM procedurelog l JOIN procedurecode c USING (CodeNum) LEFT JOIN provider p USING (ProvNum) WHERE PatNum = N AND ProcStatus <> 6`,
};

/** A sheet leaves out a column in which there is nothing. */
function withoutEmptyColumns(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return rows.map((row) => row.filter((_, at) => rows.some((each) => each[at] !== '')));
}

async function untilSaved(path: string): Promise<string> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    if (existsSync(path) && statSync(path).size > 0) return readFileSync(path, 'utf8');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing was saved as ${path}`);
}

/** The same archive, whose label says that it is of another version of the format. */
function ofFormat(bytes: Buffer, major: number): Buffer {
  const end = bytes.indexOf('\n--- ');
  const lines = bytes.subarray(0, end).toString('latin1').split('\n');
  const at = lines.findIndex((line) => line.startsWith('-> ') && line.includes('label'));
  let stop = at + 1;
  while (lines[stop]!.length === 64) stop += 1;
  const label = Buffer.from(lines.slice(at + 1, stop + 1).join(''), 'base64').toString();
  const changed = Buffer.from(label.replace(/"major":\d+/, `"major":${major}`))
    .toString('base64')
    .replace(/=+$/, '');
  const wrapped: string[] = changed.match(/.{1,64}/g) ?? [];
  if (wrapped.at(-1)?.length === 64) wrapped.push('');
  const header = [...lines.slice(0, at + 1), ...wrapped, ...lines.slice(stop + 1)].join('\n');
  return Buffer.concat([Buffer.from(header, 'latin1'), bytes.subarray(end)]);
}
