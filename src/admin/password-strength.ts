/** Below this, a person with the stored hash and one computer finds the password within hours. */
const weakBits = 30;

const commonWords: readonly string[] = (
  'password passwort passw0rd letmein welcome admin administrator login master secret changeme qwerty qwertz azerty asdf ' +
  'zxcv iloveyou sunshine princess football baseball dragon monkey dental dentist doctor office opendental practice ' +
  'smile tooth teeth hygiene summer winter spring autumn'
).split(' ');

/**
 * Whether a password is easily guessed: a rough estimate, on the side of the guesser. Every character counts
 * as one of the kinds of characters that occur; repeats, runs such as `1234` and years count as one, and
 * common words as two.
 */
export function isWeakPassword(password: string): boolean {
  const text = password.normalize('NFKC').toLowerCase();
  let rest = text.replace(/(?:19|20)\d\d/g, '\u0000');
  for (const word of commonWords) rest = rest.replaceAll(word, '\u0000\u0001');
  let characters = 0;
  let before = Number.NaN;
  let step = Number.NaN;
  for (const character of rest) {
    const code = character.codePointAt(0)!;
    const isRun = Math.abs(code - before) <= 1 && code - before === step;
    step = code - before;
    before = code;
    // The third character of a run adds nothing; of a repeat, the second.
    if (!isRun && step !== 0) characters++;
  }
  return characters * Math.log2(poolOf(password)) < weakBits;
}

function poolOf(password: string): number {
  const kinds: readonly (readonly [RegExp, number])[] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[ -/:-@[-`{-~]/, 33],
    [/[^ -~]/, 100],
  ];
  return Math.max(
    2,
    kinds.reduce((sum, [kind, size]) => sum + (kind.test(password) ? size : 0), 0),
  );
}
