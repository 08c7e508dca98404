import { spawnSync } from 'node:child_process';

/** Debian's package of every program the benchmarks may call. */
const packageOf: Readonly<Record<string, string>> = {
  age: 'age',
  mariadb: 'mariadb-client',
  'mariadb-dump': 'mariadb-client',
  mydumper: 'mydumper',
  myloader: 'mydumper',
  pigz: 'pigz',
  zstd: 'zstd',
};

export function isInstalled(program: string): boolean {
  return spawnSync('bash', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

/** Installs what is missing, where this user may; says what is still missing. */
export function installMissing(programs: readonly string[], tell: (line: string) => void): readonly string[] {
  const missing = programs.filter((program) => !isInstalled(program));
  const packages = [
    ...new Set(missing.map((program) => packageOf[program]).filter((name) => name !== undefined)),
  ];
  if (packages.length > 0 && process.getuid?.() === 0 && isInstalled('apt-get')) {
    tell(`installing ${packages.join(', ')}`);
    spawnSync('apt-get', ['install', '-y', '-q', ...packages], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  return missing.filter((program) => !isInstalled(program));
}
