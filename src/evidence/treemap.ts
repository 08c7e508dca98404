import { type Html, html } from '../html.js';
import { formatBytes } from '../quantities.js';

/** A table, or several small ones together. */
export interface Area {
  readonly name: string;
  readonly bytes: number;
  /** Why it is not in the copy; absent where it is. */
  readonly leftOut?: string;
}

interface Rectangle {
  readonly area: Area;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const [fullWidth, fullHeight] = [960, 300];
/** More areas could not be told apart. */
const mostAreas = 48;

/** Tables by their bytes; what is left out of the copy is hatched. Null where there is nothing to show. */
export function treemap(title: string, areas: readonly Area[]): Html | null {
  const shown = gathered(areas);
  const total = shown.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total === 0) return null;
  return html`<svg viewBox="0 0 ${fullWidth} ${fullHeight}" role="img" aria-label="${title}">
<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="out" width="7" height="7"/><path class="hatch" d="M0 0v7"/></pattern></defs>
${squarify(shown, total).map((rectangle) => drawn(rectangle, total))}</svg>`;
}

/** The largest, and the rest as one; those that are left out stay apart. */
function gathered(areas: readonly Area[]): readonly Area[] {
  const sound = areas
    .filter(({ bytes }) => Number.isFinite(bytes) && bytes > 0)
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  const rest = sound.slice(mostAreas);
  const sum = (some: readonly Area[]): number => some.reduce((all, { bytes }) => all + bytes, 0);
  const taken = rest.filter(({ leftOut }) => leftOut === undefined);
  const out = rest.filter(({ leftOut }) => leftOut !== undefined);
  return [
    ...sound.slice(0, mostAreas),
    ...(taken.length === 0 ? [] : [{ name: `${taken.length} smaller tables`, bytes: sum(taken) }]),
    ...(out.length === 0 ? [] : [{ name: `${out.length} smaller`, bytes: sum(out), leftOut: 'left out' }]),
  ].sort((a, b) => b.bytes - a.bytes);
}

/**
 * Squarified treemaps (Bruls, Huizing, van Wijk): rows along the shorter side, each as square as it can be.
 */
function squarify(areas: readonly Area[], total: number): readonly Rectangle[] {
  const placed: Rectangle[] = [];
  const scale = (fullWidth * fullHeight) / total;
  let [x, y, width, height] = [0, 0, fullWidth, fullHeight];
  let row: Area[] = [];
  const worst = (some: readonly Area[], side: number): number => {
    const sum = some.reduce((all, { bytes }) => all + bytes * scale, 0);
    const sizes = some.map(({ bytes }) => bytes * scale);
    return Math.max(
      ...sizes.map((size) =>
        Math.max((side * side * size) / (sum * sum), (sum * sum) / (side * side * size)),
      ),
    );
  };
  const lay = (): void => {
    const sum = row.reduce((all, { bytes }) => all + bytes * scale, 0);
    const isUpright = width >= height;
    const depth = sum / (isUpright ? height : width);
    let along = 0;
    for (const area of row) {
      const length = (area.bytes * scale) / depth;
      placed.push(
        isUpright
          ? { area, x, y: y + along, width: depth, height: length }
          : { area, x: x + along, y, width: length, height: depth },
      );
      along += length;
    }
    if (isUpright) [x, width] = [x + depth, width - depth];
    else [y, height] = [y + depth, height - depth];
    row = [];
  };
  for (const area of areas) {
    const side = Math.min(width, height);
    if (row.length > 0 && worst([...row, area], side) > worst(row, side)) lay();
    row.push(area);
  }
  if (row.length > 0) lay();
  return placed;
}

function drawn({ area, x, y, width, height }: Rectangle, total: number): Html {
  const { name, bytes, leftOut } = area;
  const share = bytes / total;
  const shade = share > 0.15 ? 1 : share > 0.06 ? 2 : share > 0.02 ? 3 : 4;
  const place = html`x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
  const title = `${name}: ${formatBytes(bytes)}${leftOut === undefined ? '' : `, left out: ${leftOut}`}`;
  const box =
    leftOut === undefined
      ? html`<rect class="m m${shade}" ${place}><title>${title}</title></rect>`
      : html`<rect class="m" fill="url(#hatch)" ${place}><title>${title}</title></rect>`;
  const room = Math.floor((width - 8) / 6.1);
  if (height < 18 || room < 4) return box;
  const label = name.length <= room ? name : `${name.slice(0, room - 1)}…`;
  const kind = leftOut === undefined ? (shade >= 3 ? 'mt on4' : 'mt') : 'mo';
  const size =
    height < 34 || room < 9
      ? null
      : html`<text class="${kind}" x="${round(x + 5)}" y="${round(y + 28)}">${formatBytes(bytes)}</text>`;
  return html`${box}<text class="${kind}" x="${round(x + 5)}" y="${round(y + 14)}">${label}</text>${size}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
