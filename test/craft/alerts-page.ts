import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AlertCode, alertCodes } from '../../src/nightly/alerts/alert.js';
import { projectRoot } from '../support/project.js';

/** `docs/ALERTS.md`, made from what stands above the codes in `src/nightly/alerts/alert.ts`. */
export function renderAlertsPage(): string {
  const told = explanations();
  const codes = (Object.keys(alertCodes) as AlertCode[]).sort();
  return `${[
    '# Alerts',
    'The alerts that an `AlertSink` receives. Each is raised once, when a problem begins or its cause changes, and cleared once, when the',
    'problem is over. `cause` is the code of the error behind it ([ERRORS](ERRORS.md)), `stale` or `unexpected`. `message` is for people.',
    '`hq` is the store at headquarters, `local` the office’s own network path.',
    '',
    '| code | what it means |',
    '|---|---|',
    ...codes.map((code) => {
      const text = told.get(code);
      if (text === undefined) throw new Error(`the alert ${code} is not explained`);
      return `| \`${code}\` | ${text} |`;
    }),
  ].join('\n')}\n`;
}

function explanations(): ReadonlyMap<string, string> {
  const source = readFileSync(join(projectRoot, 'src', 'nightly', 'alerts', 'alert.ts'), 'utf8');
  const comment = /\/\*\*(.*?)\*\/\s*export type AlertCode/s.exec(source)?.[1] ?? '';
  const text = comment.replace(/\n \* ?/g, '\n').replace(/\n {2}(?=\S)/g, ' ');
  return new Map(
    [...text.matchAll(/^- ((?:`[\w-]+`(?:, )?)+): (.*)$/gm)].flatMap(([, codes = '', what = '']) =>
      [...codes.matchAll(/`([\w-]+)`/g)].map(
        ([, code = '']) => [code, `${what[0]!.toUpperCase()}${what.slice(1)}.`] as const,
      ),
    ),
  );
}
