import { parseArgs } from 'node:util';

/** What was asked for on the command line. */
export interface DemoOptions {
  /** Bytes of rows, roughly. */
  readonly size: number;
  /** Where the archives stay for a look; undefined to throw them away. */
  readonly keep: string | undefined;
  /** The admin's password; undefined to ask, or without a terminal to use the right one. */
  readonly password: string | undefined;
}

export const usage = `npm run demo -- [options]

  --size SIZE        about so much data in the practice, such as 20MB or 1GB (default 8MB)
  --keep DIR         keep the archives in DIR for a look
  --password WORD    the administrator's password, instead of asking for it
  --help             this page`;

/** @throws TypeError on words that are not understood; `null` when help was asked for */
export function readOptions(args: readonly string[]): DemoOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      size: { type: 'string', default: '8MB' },
      keep: { type: 'string' },
      password: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return { size: parseSize(values.size), keep: values.keep, password: values.password };
}

function parseSize(text: string): number {
  const found = /^(\d+(?:\.\d+)?)\s*(kB|MB|GB)$/i.exec(text);
  if (found === null) throw new TypeError(`--size takes a size such as 20MB or 1GB, not "${text}"`);
  const factor = { kb: 1e3, mb: 1e6, gb: 1e9 }[found[2]!.toLowerCase()] ?? 1;
  return Math.round(Number(found[1]) * factor);
}
