// Makes `dist/opener.html` of the compiled page: one file that loads nothing. The same source gives the same bytes.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = dirname(fileURLToPath(import.meta.url));
const root = dirname(folder);

/** The whole page. @returns {Promise<string>} */
export async function buildOpener() {
  const worker = await bundle('data/worker.js');
  const main = await bundle('ui/main.js', { workerProgram: JSON.stringify(worker.text) });
  const script = inElement(main.text);
  const style = readFileSync(join(folder, 'style.css'), 'utf8')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Backup opener</title>
<style>${style}</style>
</head>
<body>
<div id="page"><noscript>This page needs JavaScript to open a backup. It loads nothing from the network.</noscript></div>
<script>${script}</script>
<script type="text/plain" id="licences">
${inElement(licencesOf([...worker.packages, ...main.packages]))}
</script>
</body>
</html>
`;
}

async function bundle(entry, define = {}) {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'dist', 'opener', entry)],
    // Names in the result must not tell where it was built.
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    legalComments: 'none',
    charset: 'utf8',
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    define,
    logLevel: 'warning',
  });
  const packages = Object.keys(metafile.inputs).flatMap(
    (path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  );
  return { text: outputFiles[0].text.trimEnd(), packages };
}

/** Text that cannot end the element it stands in. */
function inElement(text) {
  return text.replaceAll('</', '<\\/').replaceAll('<!--', '<\\!--');
}

function hashOf(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The licences of everything that is in the page, as they want to be carried along. */
function licencesOf(packages) {
  return [...new Set(packages)]
    .sort()
    .map((name) => {
      const place = join(root, 'node_modules', name);
      const { version } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
      const file = readdirSync(place).find((each) => /^licen[cs]e/i.test(each));
      return `${name} ${version}\n\n${readFileSync(join(place, file), 'utf8').trim()}\n`;
    })
    .join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, 'dist', 'opener.html'), await buildOpener());
}
