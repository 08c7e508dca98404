// Prints what is installed with the library as a CycloneDX bill of materials: `npm run sbom`. npm writes the
// bill from the lockfile, but its `--omit=dev` also omits packages that both the library and its development
// use, so what belongs to the library is followed from its own dependencies here.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { name, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bill = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    cwd: root,
    maxBuffer: 1 << 26,
    shell: process.platform === 'win32',
  }),
);
const self = bill.metadata.component;
const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
const named = new Map(bill.components.map((component) => [component['bom-ref'], component.name]));
const direct = needs.get(self['bom-ref']).filter((ref) => named.get(ref) in dependencies);

const kept = new Set();
const queue = [...direct];
for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
  if (kept.has(ref)) continue;
  kept.add(ref);
  queue.push(...needs.get(ref));
}
needs.set(self['bom-ref'], direct);
console.log(
  JSON.stringify(
    {
      ...bill,
      // npm calls it by its folder.
      metadata: { ...bill.metadata, component: { ...self, name } },
      components: bill.components.filter((component) => kept.has(component['bom-ref'])),
      dependencies: [self['bom-ref'], ...kept].map((ref) => ({ ref, dependsOn: needs.get(ref) })),
    },
    null,
    2,
  ),
);
