import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createRecoveryKit } from '../../src/admin/kits/recovery-kit.js';
import { renderEvidence, renderFleet } from '../../src/evidence/index.js';
import { Browser, chromium, Page } from '../opener/chromium.js';
import { sampleFacts } from './sample-facts.js';

const skip = chromium === undefined ? 'not on this machine: chromium' : false;

describe('pages for people, in a browser', { skip, timeout: 120_000 }, () => {
  let folder: string;
  let browser: Browser;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-pages-'));
    browser = Browser.start();
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (html: string): Promise<Page> => {
    const path = join(folder, 'page.html');
    writeFileSync(path, html);
    const page = await Page.open(browser, pathToFileURL(path).href, folder);
    await page.until("document.readyState === 'complete' && document.querySelector('h1')");
    return page;
  };
  const assertFits = async (page: Page): Promise<void> => {
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      await page.picture(join(folder, 'page.png'), width, height);
      assert.deepEqual(
        await page.evaluate('[innerWidth, document.documentElement.scrollWidth <= innerWidth]'),
        [width, true],
      );
    }
    await page.send('Emulation.clearDeviceMetricsOverride');
    assert.deepEqual(page.requests.length, 1, 'itself alone');
    assert.deepEqual(page.complaints, []);
  };
  /** Sheets of paper: Letter, A4. */
  const sheetsOf = async (page: Page): Promise<readonly number[]> => {
    const counts: number[] = [];
    for (const [paperWidth, paperHeight] of [
      [8.5, 11],
      [8.27, 11.69],
    ]) {
      const { data } = await page.send('Page.printToPDF', { paperWidth, paperHeight });
      const pdf = Buffer.from(data as string, 'base64').toString('latin1');
      counts.push(pdf.match(/\/Type \/Page\b/g)?.length ?? 0);
    }
    return counts;
  };

  it('evidence and fleet fit a screen and a telephone, ask for nothing, and print on a few sheets', async () => {
    const facts = sampleFacts();
    const evidence = await open(renderEvidence(facts));
    await assertFits(evidence);
    for (const sheets of await sheetsOf(evidence)) assert.ok(sheets >= 1 && sheets <= 4, `${sheets} sheets`);
    const backups = facts.stores!.flatMap((store) => store.backups);
    await assertFits(await open(renderFleet({ asOf: facts.asOf, backups })));
  });

  it('a recovery kit is one sheet, or three, with its words clear of each other', async () => {
    const store = { load: async () => null, save: async () => true };
    for (const sheets of [1, 3] as const) {
      const made = await createRecoveryKit({ store, practice: 'Example Dental', owner: 'Dr. Ada', sheets });
      const page = await open(made.page.reveal());
      await assertFits(page);
      assert.deepEqual(await sheetsOf(page), [sheets, sheets]);
      // The number of a word stands left of it, in the space between the columns.
      const spaces = await page.evaluate<
        readonly number[]
      >(`[...document.querySelectorAll('ol')].map((list) => {
        const boxes = [...list.children].map((word) => { const range = document.createRange(); range.selectNodeContents(word); return range.getBoundingClientRect(); });
        const second = Math.max(...boxes.map(({ left }) => left));
        return second - Math.max(...boxes.filter(({ left }) => left < second).map(({ right }) => right));
      })`);
      assert.equal(spaces.length, sheets);
      for (const space of spaces) assert.ok(space >= 40, `${space} pixels between the columns`);
    }
  });
});
