/**
 * `npm run bench:opener -- --size 1GB`: from the password to the schedule, and to the first patient's whole sheet, in a real browser;
 * to the schedule of a copy that is cut in the middle; and the most memory that the process of the page had. Flags as of
 * `npm run bench`.
 */
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { openConnection } from '../src/database/connection.js';
import {
  dumpDatabase,
  encryptArchive,
  enrollAdmin,
  readAdmins,
  resolveLastAdmin,
  sealFor,
} from '../src/index.js';
import { createMemoryEnrollments } from '../src/testing.js';
import { Browser, Page } from '../test/opener/chromium.js';
import { practiceAdminPassword } from '../test/practice/index.js';
import { projectRoot } from '../test/support/project.js';
import { openBenchServer, providePractice } from './support/bench-server.js';
import { readOptions } from './support/options.js';

const options = readOptions();
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-bench-'));
const archive = join(folder, 'practice.tar.age');
const cut = join(folder, 'cut.tar.age');
try {
  await makeArchive();
  const end = Math.floor(statSync(archive).size / 2);
  await pipeline(createReadStream(archive, { end }), createWriteStream(cut));
  for (let round = 1; round <= options.rounds; round++)
    process.stdout.write(`${JSON.stringify({ ...(await look()), ...(await lookAtCut()) })}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function makeArchive(): Promise<void> {
  const server = await openBenchServer(options);
  try {
    const { name } = await providePractice(server, options, tell);
    const database = { ...server.address, database: name };
    const connection = await openConnection(database);
    const last = resolveLastAdmin(await readAdmins(connection), { asOf: new Date() });
    await connection.close();
    if (last.kind !== 'found') throw new Error('the practice has an admin');
    const store = createMemoryEnrollments();
    await enrollAdmin(last.admin, practiceAdminPassword, { store });
    const { recipients, keyHolder, unlock } = await sealFor(last, { store });
    const label = { practiceId: 'bench', database: name, scope: 'full', keyHolder, unlock } as const;
    await pipeline(encryptArchive(dumpDatabase(database), { recipients, label }), createWriteStream(archive));
  } finally {
    await server.stop();
  }
}

async function lookAtCut(): Promise<Readonly<Record<string, number>>> {
  const browser = Browser.start();
  try {
    return { cutSchedule: (await open(browser, cut)).seconds };
  } finally {
    await browser.close();
  }
}

/** @returns the page, and the seconds from the password to the schedule */
async function open(
  browser: Browser,
  file: string,
): Promise<{ readonly page: Page; readonly seconds: number }> {
  const page = await Page.open(browser, pathToFileURL(join(projectRoot, 'dist', 'opener.html')).href, folder);
  await page.until("document.querySelector('h1')");
  await page.choose('input[type=file]', [file]);
  await page.fill('#password', practiceAdminPassword);
  const seconds = await secondsUntil(() => page.key('Enter'), page, "document.querySelector('.day')");
  return { page, seconds };
}

async function look(): Promise<Readonly<Record<string, number>>> {
  const browser = Browser.start();
  try {
    const { page, seconds: schedule } = await open(browser, archive);
    await page.press('Patients');
    await page.until("document.querySelector('tbody .link')");
    const sheet = await secondsUntil(
      () => page.evaluate("document.querySelector('tbody .link').click()"),
      page,
      "document.querySelector('.sheet [data-section=procedures]') && !document.querySelector('.waiting')",
    );
    await page.press('About');
    await page.untilText('Every part was read', 600);
    return { schedule, sheet, peakMb: Math.round((await peakBytes(browser)) / 1e6) };
  } finally {
    await browser.close();
  }
}

async function secondsUntil(act: () => Promise<unknown>, page: Page, condition: string): Promise<number> {
  const from = performance.now();
  await act();
  await page.until(condition, 600);
  return Math.round(performance.now() - from) / 1000;
}

/** The most memory that the largest page had at once. */
async function peakBytes(browser: Browser): Promise<number> {
  const pages = (await browser.processes()).filter(({ type }) => type === 'renderer');
  const peaks = pages.map(({ id }) => /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]);
  return Math.max(...peaks.map(Number)) * 1024;
}
