import { parseArgs } from 'node:util';

/** Flags that the benchmarks against peers share. */
export interface BenchOptions {
  /** Bytes of rows, as SQL text. */
  readonly size: number;
  /** The size as it was given, for names and titles. */
  readonly sizeText: string;
  /** Several sizes, for what is measured over all of them. */
  readonly sizes: readonly string[];
  readonly rounds: number;
  /** Words of which one must stand in a contestant's name; empty for all. */
  readonly only: readonly string[];
  /** Where to write the record. */
  readonly json: string | undefined;
  /** Page whose section is replaced. */
  readonly markdown: string | undefined;
  readonly server: 'mariadb' | 'mysql' | 'mysql-5.6';
  /** Leave the server and the practice running at the end, for a next run with `--url`. */
  readonly keepServer: boolean;
  /** A server that is already there. */
  readonly url: string | undefined;
}

export function readOptions(
  defaults: { readonly sizes?: string; readonly rounds?: string } = {},
): BenchOptions {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '1GB' },
      sizes: { type: 'string', default: defaults.sizes ?? '1GB' },
      rounds: { type: 'string', default: defaults.rounds ?? '3' },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      server: { type: 'string', default: 'mariadb' },
      'keep-server': { type: 'boolean', default: false },
      url: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError('--rounds must be a whole number from 1');
  if (values.server !== 'mariadb' && values.server !== 'mysql' && values.server !== 'mysql-5.6') {
    throw new RangeError('--server is mariadb, mysql or mysql-5.6');
  }
  return {
    size: bytesOf(values.size),
    sizeText: values.size,
    sizes: values.sizes.split(','),
    rounds,
    only: values.only.split(',').filter((word) => word !== ''),
    json: values.json,
    markdown: values.markdown,
    server: values.server,
    keepServer: values['keep-server'],
    url: values.url,
  };
}

/** Whether a contestant was asked for. */
export function isWanted(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((word) => name.includes(word));
}

const unitBytes: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9 };

export function bytesOf(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(MB|GB)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (unitBytes[unit?.toUpperCase() ?? ''] ?? Number.NaN);
  if (!Number.isFinite(bytes)) throw new RangeError('--size must be such as 300MB or 1GB');
  return bytes;
}
