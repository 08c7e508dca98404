import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { acknowledgeFindings, announcePurge } from '../../nightly/origin/acknowledge.js';
import type { Command } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { localTime } from '../wording/local-time.js';

/** `acknowledge`: says that somebody has looked. */
export const acknowledgeCommand: Command = {
  name: 'acknowledge',
  help: `Say that a person has looked at what the service found: what looked like a loss,
or copies that are gone, changed or of an unknown key. From then on older copies
are removed again as retention says. Or say beforehand which rows will go.

Usage: supplemental-backup acknowledge --spool FOLDER --practice-id ID
                           --user WHO [--purge TABLES --until DATE]

  --spool FOLDER     the service's folder, which has its journal.json
  --practice-id ID   the practice that the journal is of
  --user WHO         who says so; kept with the time
  --purge TABLES     announce that rows of these will go: a,b,c or * for any
  --until DATE       the last night on which that may show, such as 2026-12-31
  --json             one JSON document
`,
  examples: [
    [
      'somebody has looked at what the report of the night named',
      'acknowledge --spool spool --practice-id 4711 --user Ada',
    ],
  ],
  options: {
    spool: { type: 'string' },
    'practice-id': { type: 'string' },
    user: { type: 'string' },
    purge: { type: 'string' },
    until: { type: 'string' },
  },
  positionals: { least: 0, most: 0 },
  async run(given) {
    const spool = given.required('spool');
    const user = given.required('user');
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    const plan = { spool, practiceId: given.required('practice-id'), timeZone };
    const purge = given.text('purge');
    const until = given.text('until');
    if ((purge === undefined) !== (until === undefined)) {
      throw new UsageError('--purge and --until belong together.');
    }
    // A folder that is mistyped must not become a spool.
    await stat(join(spool, 'journal.json')).catch(() => {
      throw new UsageError(`${spool} holds no journal.json of a service.`);
    });
    if (purge !== undefined && until !== undefined) {
      const tables = purge.split(',').filter((name) => name !== '');
      try {
        await announcePurge(plan, { tables, until, user });
      } catch (error) {
        if (error instanceof RangeError) throw new UsageError(`${error.message}.`);
        throw error;
      }
      return {
        json: { announced: { tables, until, user } },
        text: `Announced: until the night of ${until}, fewer rows in ${tables.join(', ')} are no loss.`,
      };
    }
    const acknowledged = await acknowledgeFindings(plan, { user });
    if (acknowledged === null)
      return { json: { acknowledged: null }, text: 'Nothing stands to be looked at.' };
    const { at, findings } = acknowledged;
    return {
      json: { acknowledged },
      text: [`Acknowledged by ${user} at ${localTime(at)}:`, ...findings.map((each) => `  ${each}`)].join(
        '\n',
      ),
    };
  },
};
