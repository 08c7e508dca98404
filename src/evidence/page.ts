import { createHash } from 'node:crypto';
import { type Content, Html, html } from '../html.js';
import { style } from './style.js';

/**
 * A page in one file: it loads nothing, runs nothing and sends nothing, and its content security policy
 * enforces that. Only its style is allowed, by hash.
 */
export function page(title: string, body: Content): string {
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text;
}

/** A fact in large letters, with what it is compared with. */
export function tile(label: string, value: Content, hint: Content, state: State = 'plain'): Html {
  return html`<div class="tile ${state}"><dt>${label}</dt><dd>${value}</dd><dd class="hint">${hint}</dd></div>`;
}

/** How a fact stands. */
export type State = 'bad' | 'good' | 'plain' | 'watch';

/** A part of a page. */
export function section(title: string, ...content: readonly Content[]): Html {
  return html`<section><h2>${title}</h2>${content}</section>`;
}

/** A table; nothing where it has no rows. */
export function table(heads: readonly string[], rows: readonly (readonly Content[])[]): Html | null {
  if (rows.length === 0) return null;
  const head = heads.map((each) => html`<th scope="col">${each}</th>`);
  const body = rows.map((cells) => html`<tr>${cells.map(cellOf)}</tr>`);
  return html`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** What is short stays on one line: dates, places, sizes. */
function cellOf(content: Content): Html {
  const isShort = typeof content === 'string' && content.length <= 22;
  return isShort ? html`<td class="nowrap">${content}</td>` : html`<td>${content}</td>`;
}

/** A moment, to the minute, in UTC; a dash for what is none. */
export function moment(at: Date | string | null | undefined): string {
  const date = at === null || at === undefined ? null : new Date(at);
  return date === null || Number.isNaN(date.getTime())
    ? '–'
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** How old something is, as people say it. */
export function old(milliseconds: number): string {
  return milliseconds < 0 ? 'dated in the future' : `${ago(milliseconds)} old`;
}

/** How long ago, as people say it. */
export function ago(milliseconds: number): string {
  const hours = Math.floor(milliseconds / 3_600_000);
  if (hours < 0) return 'in the future';
  if (hours < 1) return 'less than an hour';
  if (hours < 72) return hours === 1 ? '1 hour' : `${hours} hours`;
  return `${Math.floor(hours / 24)} days`;
}

/** The most rows of a list that grows with nights or tables. */
export const mostListed = 40;
