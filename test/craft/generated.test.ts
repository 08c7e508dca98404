import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readerDigest, renderRecoveryPage } from '../archive/support/reader-script.js';
import { projectRoot } from '../support/project.js';
import { renderAlertsPage } from './alerts-page.js';
import { apiReports } from './api-report.js';
import { renderCommandsPage } from './commands-page.js';
import { renderErrorsPage } from './errors-page.js';
import { renderHazardsPage } from './hazards-page.js';
import { renderNightSchema } from './night-schema.js';

const refresh = 'run `npm run generate` and look at the difference';

test('docs/ERRORS.md tells every error code as the source does', () => {
  assert.equal(read('docs/ERRORS.md'), renderErrorsPage(), refresh);
});

test('docs/ALERTS.md tells every alert as the source does', () => {
  assert.equal(read('docs/ALERTS.md'), renderAlertsPage(), refresh);
});

test('docs/COMMANDS.md tells every command as the program does', async () => {
  assert.equal(read('docs/COMMANDS.md'), await renderCommandsPage(), refresh);
});

test('docs/night.schema.json is what the program asks of the file of a night', () => {
  assert.equal(read('docs/night.schema.json'), renderNightSchema(), refresh);
});

test('docs/RECOVERY.md tells by what a genuine reader.py is known', () => {
  const { file, text } = renderRecoveryPage();
  assert.equal(read(file), text, refresh);
  assert.ok(text.includes(readerDigest()));
});

test('docs/HAZARDS.md tells what is tested where, as the tests are named', () => {
  assert.equal(read('docs/HAZARDS.md'), renderHazardsPage(), refresh);
});

for (const { file, text } of apiReports().filter((report) => existsSync(join(projectRoot, report.file)))) {
  test(`the public names in ${file} are those that were agreed`, () => {
    assert.equal(read(file), text, refresh);
  });
}

function read(file: string): string {
  const path = join(projectRoot, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
