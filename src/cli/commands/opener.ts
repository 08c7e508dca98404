import type { Command } from '../command.js';
import { readOpenerPage } from '../opener-page.js';
import { writeArchive } from '../output.js';

/** `opener`: the page that opens an archive in a browser. */
export const openerCommand: Command = {
  name: 'opener',
  help: `Write the page that opens an archive in a browser, without Node.js.

Usage: supplemental-backup opener --out FILE

One HTML file that needs no network. It shows the schedule, patients and tables
of an archive with its password or a key file, and changes nothing.
Keep it with the software or on a stick, with its SHA-256. Never put it beside
the archives: anyone who can write there could replace it by a page that
steals the password.

  --out FILE         the page, or - for stdout; never overwrites
  --json             one JSON document
`,
  examples: [['the page, to be kept with the software', 'opener --out opener.html']],
  options: { out: { type: 'string' } },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const out = given.required('out');
    const { bytes, sha256 } = await writeArchive([await readOpenerPage()], out, line);
    return {
      json: { out, bytes, sha256 },
      text: `${out === '-' ? 'Written.' : `Wrote ${out}.`}\nSHA-256 ${sha256}`,
      to: out === '-' ? 'stderr' : 'stdout',
    };
  },
};
