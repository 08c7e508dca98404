import { escapeControls } from './escape-controls.js';

/** Text that is HTML already, from {@link html} or a drawing. Everything else is escaped in a page. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Content of a page. Null and false are empty. */
export type Content = Html | string | number | null | false | readonly Content[];

/** The most characters of a name in a page. Names may come from anybody. */
const longest = 300;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for a page, between tags and in quoted attributes alike. Bidirectional controls and line separators
 * become visible.
 */
function escaped(text: string): string {
  const whole = text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
  return escapeControls(whole.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[&<>"']/g,
    (mark) => entities[mark]!,
  );
}

/** HTML from a template. Every value is escaped unless it is {@link Html}. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.map((piece, i) => piece + (i < values.length ? textOf(values[i]!) : '')).join(''));
}

function textOf(value: Content): string {
  if (value === null || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '0';
  return typeof value === 'string' ? escaped(value) : value.map(textOf).join('');
}
