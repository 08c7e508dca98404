import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'fflate';

/** The root of the project, seen from the compiled tests. */
export const projectRoot: string = fileURLToPath(new URL('../../../../', import.meta.url));

/** `reader.py` as a module, because a browser has no files to read it from: `npm run generate` writes it. */
export function renderReaderScript(): { readonly file: string; readonly text: string } {
  const script = readFileSync(join(projectRoot, 'src', 'archive', 'reader.py'));
  // Always the same bytes, whatever zlib a version of Node.js has.
  const packed = Buffer.from(deflateSync(script, { level: 9 })).toString('base64');
  return {
    file: join('src', 'archive', 'reader-script.ts'),
    text: `import { inflateSync } from 'fflate';
import { fromBase64 } from '../bytes.js';

/** The program \`reader.py\` that is in every archive, compressed; generated from the file of that name. */
export function readerScript(): Uint8Array {
  return inflateSync(fromBase64(packed));
}

const packed = \`${packed.replace(/.{100}/g, '$&\n')}\`;
`,
  };
}

/**
 * By which a copy of `reader.py` is known: of the file in the project, and in every archive that this version
 * makes.
 */
export function readerDigest(): string {
  return createHash('sha256')
    .update(readFileSync(join(projectRoot, 'src', 'archive', 'reader.py')))
    .digest('hex');
}

/** The page that tells people to compare it, with the digest of today. */
export function renderRecoveryPage(): { readonly file: string; readonly text: string } {
  const file = join('docs', 'RECOVERY.md');
  const page = readFileSync(join(projectRoot, file), 'utf8');
  return { file, text: page.replace(/(SHA-256 of its `reader\.py`:\s+`)[0-9a-f]*/, `$1${readerDigest()}`) };
}
