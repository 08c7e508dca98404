import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { HandOverOp } from '../../src/storage/http/messages.js';
import { projectRoot } from '../support/project.js';

/** The page of the hand-over for those who write a half of their own. */
export const page = JSON.parse(
  readFileSync(join(projectRoot, 'docs/hand-over.openapi.json'), 'utf8'),
) as Readonly<Record<string, unknown>>;

/** What the page knows of no member must not be said, though whoever reads it would pass it over. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, closed(each)]));
  return 'properties' in members && !('additionalProperties' in members)
    ? { ...members, additionalProperties: false }
    : members;
}

const validatorOf = (each: object): ((name: string) => ValidateFunction) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(each, 'page');
  return (name) => ajv.getSchema(`page#/components/schemas/${name}`)!;
};
const strict = validatorOf(closed(page) as object);
const asTold = validatorOf(page);
const named = (op: HandOverOp, what: 'Message' | 'Reply'): string =>
  `${op[0]!.toUpperCase()}${op.slice(1)}${what}`;

/** Whether the page takes a message or a reply, which may say more than the page knows. */
export function isOnPage(op: HandOverOp, what: 'Message' | 'Reply', value: unknown): boolean {
  return asTold(named(op, what))(value);
}

/** {@link offPage} of what HQ granted, or refused to an office that may have said anything. */
export function offPageOfHq(message: unknown, reply: unknown): readonly string[] {
  if ((reply as { readonly ok?: unknown }).ok === true) return offPage(message, reply);
  return faultsIn('Refusal', reply);
}

/**
 * What the page does not tell of a message and its reply as they went over the line; empty when it tells all.
 */
export function offPage(message: unknown, reply: unknown): readonly string[] {
  const { op } = message as { readonly op: HandOverOp };
  const refused = (reply as { readonly ok?: unknown } | null)?.ok === false;
  return (
    [
      [named(op, 'Message'), message],
      [refused ? 'Refusal' : named(op, 'Reply'), reply],
      ['Message', message],
      ['Reply', reply],
    ] as const
  ).flatMap(([name, value]) => faultsIn(name, value));
}

function faultsIn(name: string, value: unknown): readonly string[] {
  const validate = strict(name);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${name}${error.instancePath} ${error.message}`);
}
