import { planBackup, renderPlan } from '../../catalog/plan-backup.js';
import { readCatalog } from '../../catalog/read-catalog.js';
import { openConnection } from '../../database/connection.js';
import type { Command } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { readTablesOption } from '../tables-option.js';

/** `plan`: what a backup would hold, and why it leaves out the rest. */
export const planCommand: Command = {
  name: 'plan',
  help: `Show which tables a backup would hold, and why it would leave out the others.
Reads the schema only, never a row.

Usage: supplemental-backup plan --source URL [OPTIONS]

  --source URL       mysql://user@host:port/database[?ssl-mode=…&socketPath=…]
                     the password may come in MYSQL_PWD
  --tables LIST      all (the default), critical, or names: a,b,c*
  --json             one JSON document
`,
  examples: [
    [
      'what a backup of the critical tables holds',
      'plan --source mysql://root@localhost/od --tables critical',
    ],
  ],
  options: { source: { type: 'string' }, tables: { type: 'string' } },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const address = readDatabaseUrl(given.required('source'), 'source', line.env);
    const choose = readTablesOption(given.text('tables'));
    const connection = await openConnection(address, { signal: line.signal });
    try {
      const catalog = await readCatalog(connection, { signal: line.signal });
      const plan = planBackup(catalog, choose(catalog));
      return { json: { plan }, text: renderPlan(plan) };
    } finally {
      await connection.close();
    }
  },
};
