import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { unpackTar } from 'modern-tar/fs';
import { onceARun } from '../support/once-a-run.js';
import { projectRoot } from '../support/project.js';

/** The package as npm would publish it. */
export interface PackedLibrary {
  readonly tarball: string;
  /** Paths in the tarball, in alphabetical order. */
  readonly files: readonly string[];
  /**
   * Folder for a project of the given name that has the library and its dependencies installed. What is
   * installed is the same for all projects, but for one that asks for its own, since it changes something
   * there, or for nothing.
   */
  createProject(
    name: string,
    files: Readonly<Record<string, string>>,
    installed?: 'none' | 'shared' | 'own',
  ): Promise<string>;
  remove(): Promise<void>;
}

/** The library in a temporary folder, packed once for all files of a run. */
export async function packLibrary(): Promise<PackedLibrary> {
  const packed = await onceARun('packed', async (folder) => {
    const { stdout } = await run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: projectRoot },
    );
    await writeFile(join(folder, 'packed.json'), stdout);
  });
  const text = await readFile(join(packed, 'packed.json'), 'utf8');
  const { filename, files } = (JSON.parse(text) as { filename: string; files: { path: string }[] }[])[0]!;
  const tarball = join(packed, filename);
  const directory = await mkdtemp(join(tmpdir(), 'supplemental-backup-packed-'));
  return {
    tarball,
    files: files.map(({ path }) => path).sort(),
    async createProject(name, files, installed = 'shared') {
      const project = join(directory, name);
      await mkdir(project);
      await writeFile(join(project, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
      if (installed === 'own') await install(tarball, project);
      else if (installed === 'shared') {
        const shared = await onceARun('installed', (folder) => install(tarball, folder));
        await symlink(join(shared, 'node_modules'), join(project, 'node_modules'), 'junction');
      }
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(project, path)), { recursive: true });
        await writeFile(join(project, path), text);
      }
      return project;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** What a program wrote; a failure rejects with it in the message. */
export async function run(
  program: string,
  argv: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  // A test runner inside of a test would otherwise report to the outer one.
  const { NODE_TEST_CONTEXT: _, ...env } = { ...process.env, ...options.env };
  try {
    return await promisify(execFile)(program, [...argv], { cwd: options.cwd, env, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${argv.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

// The library is unpacked as npm would; its dependencies are linked to those that are installed here, so that
// no network is needed.
async function install(tarball: string, project: string): Promise<void> {
  const modules = join(project, 'node_modules');
  const home = join(modules, 'supplemental-backup');
  await mkdir(home, { recursive: true });
  await pipeline(createReadStream(tarball), createGunzip(), unpackTar(home, { strip: 1 }));
  const own = join(projectRoot, 'node_modules');
  for (const name of await readdir(own)) {
    if (!name.startsWith('.') && name !== 'supplemental-backup' && name !== '@supplemental-backup') {
      await symlink(join(own, name), join(modules, name), 'junction');
    }
  }
}
