import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { collect } from './support/parts.js';
import { projectRoot } from './support/reader-script.js';
import type { Vector } from './vectors/vector.js';

/** What the page does: opens an archive by its password, reads it both ways, and seals one of its own. */
const page = `
import { decryptArchive, encryptArchive, inspectArchive, openArchive, unpackRows } from 'supplemental-backup/archive';
import { generateX25519Identity, identityToRecipient } from 'supplemental-backup/age';
async function main() {
  const { password } = await (await fetch('/keys')).json();
  const blob = await (await fetch('/archive')).blob();
  const kinds = [];
  let rows = 0;
  for await (const part of decryptArchive(blob, { password })) {
    kinds.push(part.kind);
    if (part.kind === 'rows') rows += (await unpackRows(part, ['i64', 'bytes', 'date'])).rows;
  }
  const ranges = {
    size: blob.size,
    read: async (at, length) => new Uint8Array(await blob.slice(at, at + length).arrayBuffer()),
  };
  const reader = await openArchive(ranges, { password });
  let again = 0;
  for await (const batch of reader.readTable(reader.manifest.tables[1].name)) again += batch.rows;
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const { keyHolder, ...label } = (await inspectArchive(blob)).label;
  const sealed = encryptArchive(reader.parts(), { recipients, label });
  const ours = await new Response(sealed.toReadableStream()).arrayBuffer();
  let wrong = '';
  try {
    for await (const part of decryptArchive(blob, { password: 'wrong' })) wrong = part.kind;
  } catch (error) {
    wrong = error.code;
  }
  return { kinds, rows, again, wrong, identity, ours: Array.from(new Uint8Array(ours)) };
}
main().then(
  (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) }),
  (error) => fetch('/result', { method: 'POST', body: JSON.stringify({ error: String(error && error.stack) }) }),
);
`;

async function bundle(): Promise<{ readonly code: string; readonly inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: page, resolveDir: projectRoot },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outfile: 'page.js',
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
  return { code: outputFiles[0]!.text, inputs: [...Object.keys(metafile.inputs), ...imports] };
}

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0,
);

describe('the archive room in a browser', () => {
  let code: string;
  let inputs: readonly string[];

  before(async () => {
    ({ code, inputs } = await bundle());
  });

  it('bundles without anything of Node.js', () => {
    assert.deepEqual(
      inputs.filter((path) => path.startsWith('node:') || path.endsWith('engine/node.js')),
      [],
    );
    assert.ok(inputs.some((path) => path.endsWith('engine/portable.js')));
    // With age, ML-KEM, scrypt and inflate; a page that only decrypts shakes some of it off.
    assert.ok(code.length < 250_000, `${code.length} bytes`);
  });

  it('opens an archive by its password, reads a table alone, seals one', {
    skip: chromium === undefined ? 'not on this machine: chromium' : false,
    timeout: 60_000,
  }, async () => {
    const archive = readFileSync(join(projectRoot, 'test', 'vectors', 'enrolled.tar.age'));
    const vector = JSON.parse(
      readFileSync(join(projectRoot, 'test', 'vectors', 'enrolled.json'), 'utf8'),
    ) as Vector;
    const profile = mkdtempSync(join(tmpdir(), 'supplemental-backup-browser-'));
    let server: Server | undefined;
    let browser: ChildProcess | undefined;
    try {
      const result = await new Promise<Record<string, unknown>>((resolve, reject) => {
        server = createServer((request, response) => {
          if (request.url === '/archive') response.end(archive);
          else if (request.url === '/keys') response.end(JSON.stringify({ password: vector.passwords![1] }));
          else if (request.url === '/page.js') {
            response.setHeader('content-type', 'text/javascript');
            response.end(code);
          } else if (request.url === '/result') {
            let body = '';
            request.setEncoding('utf8').on('data', (text: string) => {
              body += text;
            });
            request.on('end', () => {
              response.end();
              resolve(JSON.parse(body) as Record<string, unknown>);
            });
          } else {
            response.setHeader('content-type', 'text/html');
            response.end('<!doctype html><script type="module" src="/page.js"></script>');
          }
        }).listen(0, '127.0.0.1', () => {
          const { port } = server!.address() as AddressInfo;
          const flags = [
            '--headless',
            '--no-sandbox',
            '--disable-gpu',
            '--no-first-run',
            '--disable-extensions',
          ];
          browser = spawn(chromium!, [...flags, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`], {
            stdio: 'ignore',
            detached: true,
          });
          browser.on('error', reject);
          browser.on('exit', (status) => reject(new Error(`chromium ended with ${status}`)));
        });
      });
      assert.equal(result['error'], undefined);
      assert.deepEqual(result['kinds'], [
        'database',
        'table',
        'rows',
        'rows',
        'table',
        'rows',
        'rows',
        'objects',
        'summary',
      ]);
      assert.deepEqual([result['rows'], result['again'], result['wrong']], [200, 100, 'wrong-key']);
      const ours = Uint8Array.from(result['ours'] as number[]);
      const parts = await collect(decryptArchive(ours, { identities: [result['identity'] as string] }));
      assert.equal(parts.length, 9);
    } finally {
      server?.close();
      server?.closeAllConnections();
      await end(browser);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  });
});

// The browser is several processes: it was started as the leader of a group of its own.
async function end(browser: ChildProcess | undefined): Promise<void> {
  if (browser?.pid === undefined || browser.exitCode !== null) return;
  const gone = new Promise((resolve) => browser.on('exit', resolve));
  process.kill(-browser.pid, 'SIGKILL');
  await gone;
}
