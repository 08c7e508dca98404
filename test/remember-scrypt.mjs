// Loaded before every test file. scrypt takes 128 MiB and four tenths of a second by intention, and a week of
// nights asks it the same question dozens of times. The same question has the same answer: here it is worked
// out once, and in a run of several files kept in a file for the other processes of this run.
import crypto from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

const { scrypt } = crypto;
const folder = process.env.TEST_RUN_FOLDER;
const answers = new Map();

crypto.scrypt = (password, salt, length, options, callback) => {
  const question = crypto
    .createHash('sha256')
    .update(JSON.stringify([hex(password), hex(salt), length, options]))
    .digest('hex');
  const known = answers.get(question) ?? kept(question);
  // Whoever gets it may wipe it.
  if (known !== undefined) return setImmediate(callback, null, Buffer.from(known));
  return scrypt(password, salt, length, options, (error, key) => {
    if (error === null) {
      answers.set(question, Buffer.from(key));
      keep(question, key);
    }
    callback(error, key);
  });
};
syncBuiltinESMExports();

function kept(question) {
  if (folder === undefined) return undefined;
  try {
    return readFileSync(join(folder, `scrypt-${question}`));
  } catch {
    return undefined;
  }
}

function keep(question, key) {
  if (folder === undefined) return;
  const path = join(folder, `scrypt-${question}`);
  const draft = `${path}.${process.pid}`;
  // A child of a test may be killed at any moment.
  writeFileSync(draft, key);
  renameSync(draft, path);
}

function hex(bytes) {
  return Buffer.from(bytes).toString('hex');
}
