import { type Html, html } from '../html.js';

/** A value of one night. */
export interface Point {
  readonly night: string;
  readonly value: number;
}

const [width, height] = [460, 96];
const [top, bottom] = [14, 80];

/** Values over nights: as a curve, or as bars. Null with fewer than two. */
export function curve(
  label: string,
  points: readonly Point[],
  format: (value: number) => string,
  kind: 'bars' | 'curve',
): Html | null {
  const sound = points.filter(({ value }) => Number.isFinite(value) && value >= 0);
  const first = sound[0];
  const last = sound.at(-1);
  if (first === undefined || last === undefined || sound.length < 2) return null;
  const most = Math.max(...sound.map(({ value }) => value), Number.MIN_VALUE);
  const step = width / sound.length;
  const at = (value: number): number => Math.round(10 * (bottom - ((bottom - top) * value) / most)) / 10;
  const x = (i: number): number => Math.round(10 * (step * (i + 0.5))) / 10;
  const line = sound.map(({ value }, i) => html`L${x(i)} ${at(value)}`);
  const drawn =
    kind === 'bars'
      ? sound.map(
          ({ night, value }, i) =>
            html`<rect class="bar" x="${x(i) - Math.min(step * 0.35, 9)}" y="${at(value)}" width="${Math.min(step * 0.7, 18)}" height="${Math.max(bottom - at(value), 0.5)}"><title>${night}: ${format(value)}</title></rect>`,
        )
      : html`<path class="area" d="M${x(0)} ${bottom}${line}L${x(sound.length - 1)} ${bottom}Z"/><path class="curve" d="M${x(0)} ${at(first.value)}${line}"/>`;
  const words = `${label}, ${first.night} to ${last.night}: at most ${format(most)}, at last ${format(last.value)}`;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${words}"><path class="axis" d="M0 ${bottom}H${width}"/>${drawn}<text x="0" y="9">${format(most)}</text><text x="0" y="92">${first.night}</text><text x="${width}" y="92" text-anchor="end">${last.night}</text></svg>`;
}
