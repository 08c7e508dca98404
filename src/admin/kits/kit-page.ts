import { renderSVG } from 'uqr';
import { Html, html } from '../../html.js';
import type { RecoveryKit } from './kit-store.js';

/** What stands on the sheets of a kit. */
export interface KitSheets {
  readonly kit: RecoveryKit;
  /** Name of the practice. */
  readonly practice: string;
  /** Of each sheet. */
  readonly words: readonly string[];
}

/**
 * The page of a kit: black on white, a page of A4 or Letter for each sheet, with the words in rows and as a
 * QR code. It loads nothing.
 */
export function renderKitPage(sheets: KitSheets): string {
  const { kit, practice } = sheets;
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Recovery kit ${kit.id} of ${practice}</title>
<style>${style}</style>
<p class="screen">Print this page, confirm the words with “kit confirm”, and close it. It is not stored, and whoever has a copy of it
can open the backups.</p>
${sheets.words.map((words, i) => sheetOf(sheets, words, i + 1))}
</html>
`.text;
}

function sheetOf({ kit, practice, words: all }: KitSheets, words: string, number: number): Html {
  const isSplit = all.length > 1;
  const which = isSplit ? `, sheet ${number} of ${all.length}` : '';
  const how = isSplit
    ? 'Any two of the three sheets open the backups; one alone opens nothing. Keep them in different places.'
    : 'Whoever has this sheet can open the backups. Keep it in a safe, and not beside the backups.';
  return html`<section>
<h1>Recovery kit ${kit.id}${which}</h1>
<dl>
<div><dt>Practice</dt><dd>${practice}</dd></div>
<div><dt>Kept by</dt><dd>${kit.owner}</dd></div>
<div><dt>Made on</dt><dd>${kit.createdAt.slice(0, 10)}</dd></div>
</dl>
<p>These words open the supplemental backups of the practice’s database when nobody knows the password of the administrator. ${how}</p>
<div class="both">
<ol>${words.split(' ').map((word) => html`<li>${word}</li>`)}</ol>
<div class="qr" role="img" aria-label="The same words as a QR code">${qrOf(words)}</div>
</div>
<p>To use them: open <b>opener.html</b> of the software, drop a backup on it and choose “With a recovery kit”; or run
<code>supplemental-backup restore BACKUP --kit --target URL</code>, and type or scan the words when asked. Case does not matter.</p>
</section>`;
}

/** In capital letters, which a QR code holds in fewer and larger squares. */
function qrOf(words: string): Html {
  return new Html(renderSVG(words.toUpperCase(), { ecc: 'Q', border: 4, pixelSize: 1 }));
}

const style = new Html(`
@page { margin: 18mm }
body { font: 12pt/1.45 Georgia, serif; color: #000; background: #fff; max-width: 175mm; margin: 0 auto; padding: 8mm }
h1 { font-size: 20pt; margin: 0 0 4mm }
section { break-after: page; break-inside: avoid; padding-bottom: 8mm }
section:last-of-type { break-after: auto }
dl { margin: 0 } dl div { display: flex; gap: 4mm } dt { flex: none; width: 24mm } dd { margin: 0; font-weight: bold }
.both { display: flex; gap: 8mm; align-items: flex-start; justify-content: space-between }
ol { flex: 1; columns: 2; column-gap: 4mm; font: 13pt/1.7 ui-monospace, Menlo, Consolas, monospace; padding: 0; margin: 0 }
li { margin-left: 11mm }
.qr svg { width: 62mm; height: 62mm; display: block }
@media (max-width: 640px) { .both { flex-direction: column } }
.screen { border: 1px solid #000; padding: 3mm }
@media print { .screen { display: none } body { padding: 0 } code { white-space: nowrap } }
`);
