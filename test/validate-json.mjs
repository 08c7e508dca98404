// Holds what a command gave with --json against the schema that is published:
// docs/command-output.schema.json. Not compiled, so that the validator is loaded by those tests alone that
// ask for it.
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';

const schema = JSON.parse(
  readFileSync(new URL('../docs/command-output.schema.json', import.meta.url), 'utf8'),
);
const ajv = new Ajv2020.default({ strict: true, strictRequired: false, allowUnionTypes: true });
ajv.addSchema(schema, 'published');

/** The commands that the schema knows. */
export const knownCommands = Object.keys(schema.$defs.commands);

/** What is wrong with a document; null when nothing is. */
export function faultsIn(command, document) {
  const isFailure = document.ok === false && 'exitCode' in document;
  const asked = ['help', 'version'].find((name) => Object.keys(document).join() === `ok,${name}`);
  const name = isFailure ? 'failure' : `commands/${asked ?? command}`;
  const validate = ajv.getSchema(`published#/$defs/${name}`);
  if (validate === undefined) return `the schema knows no ${name}`;
  return validate(document) ? null : ajv.errorsText(validate.errors, { separator: '\n' });
}
