// `npm run jsr [-- DIR]`: the source as JSR wants it, in a folder (dist/jsr): imports that name the files
// they mean, and a jsr.json made of package.json. Nothing is published; `npx deno publish --dry-run` in the
// folder says what JSR would say.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const [out = join(root, 'dist', 'jsr')] = process.argv.slice(2);
const place = resolve(out);
rmSync(place, { recursive: true, force: true });
mkdirSync(place, { recursive: true });

const sourceOf = (built) => `./${built.replace(/^\.\/dist\//, '').replace(/\.js$/, '.ts')}`;
const exports = Object.entries(own.exports)
  .filter(([, entry]) => typeof entry === 'object')
  .map(([name, entry]) => [name, sourceOf(entry.default)]);
const needed = { ...own.dependencies, ...own.peerDependencies };
const imports = Object.entries(needed).flatMap(([name, range]) => [
  [name, `npm:${name}@${range}`],
  [`${name}/`, `npm:/${name}@${range}/`],
]);
const settings = {
  name: `@${own.name}/${own.name}`,
  version: own.version,
  license: own.license,
  exports: Object.fromEntries(exports),
  imports: Object.fromEntries([...imports, ['#engine', sourceOf(own.imports['#engine'].node)]]),
};
writeFileSync(join(place, 'jsr.json'), `${JSON.stringify(settings, null, 2)}\n`);

// The command line is a program, and comes with npm.
for (const file of readdirSync(join(root, 'src'), { recursive: true }).map(String)) {
  if (!file.endsWith('.ts') || file.startsWith('cli')) continue;
  const source = readFileSync(join(root, 'src', file), 'utf8');
  const to = join(place, 'src', file);
  mkdirSync(dirname(to), { recursive: true });
  // In comments too: an example names what it imports.
  writeFileSync(to, source.replace(/((?:from|import\() ?'\.[^']*)\.js'/g, "$1.ts'"));
}
for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md'])
  cpSync(join(root, file), join(place, file));
console.log(`${place}: ${settings.name} ${settings.version}`);
