/**
 * Names from a database, an archive or another computer may hold anything, including characters that control
 * a terminal or forge a line.
 */

/**
 * Text that is safe to show or log on one line: control characters (such as line breaks and ESC), line
 * separators and bidirectional controls become visible, as `\u001b`.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, visible);
}

/** {@link escapeControls} for a text of several lines, in which line breaks and tabs are intended. */
export function escapeControlsInLines(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, visible);
}

function visible(mark: string): string {
  return `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
