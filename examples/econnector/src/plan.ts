import { join } from 'node:path';
import {
  createDatabaseAlerts,
  createDatabaseEnrollments,
  createDatabaseSettings,
  type Logger,
  type NightPlan,
  parseDatabaseUrl,
} from 'supplemental-backup';
import { createFileUploadJournal, createHttpStorage } from 'supplemental-backup/storage/http';
import type { Configuration } from './configuration.js';

/** The plan of every night, made once when the service starts. */
export function planOf(configuration: Configuration, logger: Logger): NightPlan {
  const { practiceId, country, timeZone, folder, hq } = configuration;
  const database = { ...parseDatabaseUrl(configuration.database), password: process.env['MYSQL_PWD'] ?? '' };
  return {
    practiceId,
    // What the host knows of the practice. Whether backups are on, and the network path, is in the settings.
    practice: { onSupport: true, hasEConnector: true, cloudDatabase: false, status: 'enabled', country },
    database,
    timeZone,
    spool: join(folder, 'spool'),
    settings: createDatabaseSettings(database, { timeZone }),
    keys: { store: createDatabaseEnrollments(database) },
    alerts: createDatabaseAlerts(database, { timeZone }),
    logger,
    // The network path of the settings, read every night.
    local: {},
    ...(hq === undefined ? {} : { hq: { storage: hqStorage(hq, folder), retention: 'keep-all' } }),
  };
}

// HQ answers with signed addresses: the office holds no credentials of the store, and can neither overwrite
// nor delete.
function hqStorage(url: string, folder: string): ReturnType<typeof createHttpStorage> {
  return createHttpStorage({
    url,
    headers: () => ({ authorization: `Bearer ${process.env['HQ_TOKEN'] ?? ''}` }),
    journal: createFileUploadJournal(join(folder, 'uploads')),
  });
}
