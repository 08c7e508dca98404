import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the project, seen from the compiled tests. */
export const projectRoot: string = fileURLToPath(new URL('../../../../', import.meta.url));

/** `reader.py` as a module, because a browser has no files to read it from: `npm run generate` writes it. */
export function renderReaderScript(): { readonly file: string; readonly text: string } {
  const script = readFileSync(join(projectRoot, 'src', 'archive', 'reader.py'), 'utf8');
  const escaped = script.replace(/[\\`]|\$(?=\{)/g, '\\$&');
  return {
    file: join('src', 'archive', 'reader-script.ts'),
    text: `/** The program \`reader.py\` that travels in every archive; generated from the file of that name. */
export const readerScript: string = \`${escaped}\`;
`,
  };
}
