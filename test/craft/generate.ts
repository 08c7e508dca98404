// Writes what is generated from the source and kept in the repository: `npm run generate`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readerDigest, renderReaderScript, renderRecoveryPage } from '../archive/support/reader-script.js';
import { projectRoot } from '../support/project.js';
import { renderAlertsPage } from './alerts-page.js';
import { apiReports } from './api-report.js';
import { renderCommandsPage } from './commands-page.js';
import { renderErrorsPage } from './errors-page.js';
import { renderHazardsPage } from './hazards-page.js';
import { renderNightSchema } from './night-schema.js';

writeFileSync(join(projectRoot, 'docs', 'ERRORS.md'), renderErrorsPage());
writeFileSync(join(projectRoot, 'docs', 'ALERTS.md'), renderAlertsPage());
writeFileSync(join(projectRoot, 'docs', 'COMMANDS.md'), await renderCommandsPage());
writeFileSync(join(projectRoot, 'docs', 'night.schema.json'), renderNightSchema());
writeFileSync(join(projectRoot, 'docs', 'HAZARDS.md'), renderHazardsPage());
mkdirSync(join(projectRoot, 'etc'), { recursive: true });
for (const { file, text } of [renderReaderScript(), renderRecoveryPage(), ...apiReports()])
  writeFileSync(join(projectRoot, file), text);
console.log(`SHA-256 of reader.py: ${readerDigest()}`);
