/**
 * What ties every file of an archive to it: a random id that stands in each header of its tar and in its
 * manifest, and nowhere outside the seal. Whoever writes into the database that is copied cannot know it, so
 * that nothing in a value can pass for a file of the archive.
 */
const idBytes = 16;

/** A new id: 16 random bytes, as 22 characters of base64url. */
export function makeContentId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(idBytes));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Whether a text is such an id, in its one way to be written. */
export function isContentId(text: string): boolean {
  return /^[\w-]{21}[AQgw]$/.test(text);
}
