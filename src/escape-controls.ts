/**
 * Names that come from a database, an archive or another machine may hold anything, also characters that
 * steer a terminal or forge a line.
 */

/**
 * Text as it may be shown or logged, on one line: control characters (line breaks and ESC among them), line
 * separators and marks that turn the direction of reading become visible, as `\u001b`.
 */
export function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, visible);
}

/** {@link escapeControls} for a text of several lines, whose line breaks and tabs are our own. */
export function escapeControlsInLines(text: string): string {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, visible);
}

function visible(mark: string): string {
  return `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
