import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { acknowledgeFindings, announcePurge } from '../../nightly/origin/acknowledge.js';
import type { Command } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { localTime } from '../wording/local-time.js';

/** `acknowledge`: records that a person reviewed the findings. */
export const acknowledgeCommand: Command = {
  name: 'acknowledge',
  help: `Record that a person reviewed what the service found: rows that seem lost, or
copies that are missing, changed or signed with an unknown key. Retention then
removes older copies again. Or announce a purge of rows before it happens.

Usage: supplemental-backup acknowledge --spool FOLDER --practice-id ID
                           --user WHO [--purge TABLES --until DATE]

  --spool FOLDER     the service's folder, which has its journal.json
  --practice-id ID   the practice that the journal is of
  --user WHO         who reviewed it; recorded with the time
  --purge TABLES     announce that rows of these tables go: a,b,c or * for any
  --until DATE       the last night on which that may show, such as 2026-12-31
  --json             one JSON document
`,
  examples: [
    [
      'Ada has reviewed what the report of the night named',
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
      throw new UsageError('--purge and --until must be given together.');
    }
    // A folder that is mistyped must not become a spool.
    await stat(join(spool, 'journal.json')).catch(() => {
      throw new UsageError(`${spool} is not the folder of a service: it has no journal.json.`);
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
        text: `Announced: until the night of ${until}, fewer rows in ${tables.join(', ')} do not count as a loss.`,
      };
    }
    const acknowledged = await acknowledgeFindings(plan, { user });
    if (acknowledged === null)
      return { json: { acknowledged: null }, text: 'There is nothing to acknowledge.' };
    const { at, findings } = acknowledged;
    const done = `Acknowledged by ${user} at ${localTime(at)}`;
    const text =
      findings.length === 0 ? `${done}.` : [`${done}:`, ...findings.map((each) => `  ${each}`)].join('\n');
    return { json: { acknowledged }, text };
  },
};
