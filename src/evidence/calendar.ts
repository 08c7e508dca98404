import { type Content, type Html, html } from '../html.js';
import type { NightAt, NightState } from './nights.js';

const words: Readonly<Record<NightState, string>> = {
  verified: 'stored, read back and found whole',
  late: 'arrived late',
  waiting: 'sealed, not stored yet',
  failed: 'no copy',
  missing: 'no report',
  'not-due': 'none was due',
};

const cell = 11;
const step = 13;
const left = 30;
const top = 14;
const weekdays = ['Mon', '', 'Wed', '', 'Fri', '', ''];
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The nights of a place, a column for each week. */
export function calendar(place: string, nights: readonly NightAt[]): Html {
  const [first] = nights;
  if (first === undefined) return html`<p class="quiet">No night is known.</p>`;
  const offset = weekdayOf(first.night);
  const weeks = Math.ceil((offset + nights.length) / 7);
  const width = Math.max(left + weeks * step, left + 26 * step);
  const labels: Content[] = [];
  let lastLabel = -4;
  const squares = nights.map(({ night, state, problem }, i) => {
    const column = Math.floor((offset + i) / 7);
    const [x, y] = [left + column * step, top + ((offset + i) % 7) * step];
    const isNewMonth = night.endsWith('-01') || i === 0;
    if (isNewMonth && column - lastLabel >= 3) {
      lastLabel = column;
      labels.push(html`<text x="${x}" y="9">${months[Number(night.slice(5, 7)) - 1]!}</text>`);
    }
    const why = problem === undefined ? '' : `: ${problem}`;
    return square(x, y, state, `${night}: ${words[state]}${why}`);
  });
  const days = weekdays.map((day, i) =>
    day === '' ? null : html`<text x="0" y="${top + i * step + 9}">${day}</text>`,
  );
  return html`<svg class="calendar" viewBox="0 0 ${width} ${top + 7 * step}" role="img" aria-label="${place}: ${summaryOf(nights)}">${labels}${days}${squares}</svg>
<p class="small quiet">${summaryOf(nights)}</p>`;
}

/** What the squares mean. */
export function legend(states: readonly NightState[]): Html {
  return html`<p class="legend">${states.map(
    (state) =>
      html`<span><svg viewBox="0 0 ${cell + 2} ${cell + 2}" aria-hidden="true">${square(1, 1, state, words[state])}</svg>${words[state]}</span>`,
  )}</p>`;
}

/** Marks beside the colour: a cross for a failed night, a bar for a late one, a dot for a missing one. */
function square(x: number, y: number, state: NightState, title: string): Html {
  const box = html`<rect class="c-${state}" x="${x}" y="${y}" width="${cell}" height="${cell}" rx="2"><title>${title}</title></rect>`;
  if (state === 'failed') return html`${box}<path class="mark" d="M${x + 3} ${y + 3}l5 5m0-5l-5 5"/>`;
  if (state === 'missing') return html`${box}<path class="mark" d="M${x + 4.5} ${y + 5.5}h2"/>`;
  if (state === 'late' || state === 'waiting')
    return html`${box}<path class="mark" d="M${x + 3} ${y + 5.5}h5"/>`;
  return box;
}

function summaryOf(nights: readonly NightAt[]): string {
  const counts = (Object.keys(words) as NightState[]).flatMap((state) => {
    const count = nights.filter((night) => night.state === state).length;
    return count === 0 ? [] : [`${count} ${words[state]}`];
  });
  return `${nights.length} nights from ${nights[0]!.night} to ${nights.at(-1)!.night}: ${counts.join(', ')}.`;
}

/** Monday is 0. */
function weekdayOf(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}
