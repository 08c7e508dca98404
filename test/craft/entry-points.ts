import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/project.js';

interface PackageExports {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** The entry points of the package and their declarations, as far as these are there. */
export function entryPoints(): readonly { readonly entry: string; readonly declarations: string }[] {
  const { exports } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as PackageExports;
  return Object.entries(exports)
    .flatMap(([entry, target]) =>
      typeof target === 'string' ? [] : [{ entry, declarations: join(projectRoot, target.types) }],
    )
    .filter(({ declarations }) => existsSync(declarations));
}
