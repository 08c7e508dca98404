/**
 * Gives the nights simulated files, timers and chance, and puts deliberate faults into them where asked for.
 */
import type { LoadHook, ResolveHook } from 'node:module';

const replaced: Readonly<Record<string, string>> = {
  'node:fs/promises': 'fs-promises.js',
  'node:fs': 'fs.js',
  'node:timers/promises': 'timers-promises.js',
  'node:crypto': 'crypto.js',
};

/** A change of the text of one compiled file. */
export interface Mutation {
  /** How its address ends. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

let mutation: Mutation | null = null;

export function initialize(given: Mutation | null): void {
  mutation = given;
}

export const resolve: ResolveHook = async (specifier, context, next) => {
  const parent = context.parentURL ?? '';
  const isNight = /\/src\/(nightly|storage|files|admin\/stores)\//.test(parent);
  const file = isNight ? replaced[specifier] : undefined;
  if (file !== undefined)
    return { url: new URL(`./in-place-of/${file}`, import.meta.url).href, shortCircuit: true };
  if (/\/nightly\/check\//.test(parent) && specifier.endsWith('database/connection.js')) {
    return { url: new URL('./in-place-of/database-connection.js', import.meta.url).href, shortCircuit: true };
  }
  if (/\/nightly\/check\//.test(parent) && specifier.endsWith('check-network-path.js')) {
    return { url: new URL('./in-place-of/network-path.js', import.meta.url).href, shortCircuit: true };
  }
  if (/\/archive\/inspect-archive\.js$/.test(parent) && /\/(header|label)\.js$/.test(specifier)) {
    return { url: new URL('./in-place-of/outside.js', import.meta.url).href, shortCircuit: true };
  }
  if (/\/origin\/facts-file\.js$/.test(parent) && specifier.endsWith('/shapes.js')) {
    return { url: new URL('./in-place-of/shapes.js', import.meta.url).href, shortCircuit: true };
  }
  if (/\/history\/\w+\.js$/.test(parent) && specifier.endsWith('/signatures.js')) {
    return { url: new URL('./in-place-of/signatures.js', import.meta.url).href, shortCircuit: true };
  }
  return next(specifier, context);
};

export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  if (mutation === null || !url.endsWith(mutation.file)) return loaded;
  const text = String(loaded.source);
  if (!text.includes(mutation.from)) throw new Error(`"${mutation.from}" is not in ${url}`);
  return { ...loaded, source: text.replace(mutation.from, mutation.to) };
};
