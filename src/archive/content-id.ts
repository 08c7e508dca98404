/**
 * Ties every file in an archive to that archive: a random id in each header of its tar and in its manifest,
 * and nowhere outside of the encryption. Whoever writes values into the database cannot know it, so no value
 * can pass for a file of the archive.
 */
const idBytes = 16;

/** A new id: 16 random bytes as 22 characters of base64url. */
export function makeContentId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(idBytes));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Whether a text is such an id in its canonical form. */
export function isContentId(text: string): boolean {
  return /^[\w-]{21}[AQgw]$/.test(text);
}
