/**
 * Whether a table's name matches a glob: `*` for any characters, `?` for one. Case-insensitive, as names are
 * on Windows servers.
 */
export function fitsGlob(name: string, glob: string): boolean {
  const pattern = glob.toLowerCase();
  const text = name.toLowerCase();
  // On a mismatch only the last star takes one more character, so no pattern takes exponential time.
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < text.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern++;
      afterStar = at;
    } else if (pattern[inPattern] === '?' || pattern[inPattern] === text[at]) {
      inPattern++;
      at++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++afterStar;
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}
