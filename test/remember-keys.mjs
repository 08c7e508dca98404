// Loaded before every test file. Sealing an archive and opening it imports keys for X25519 and multiplies them, and
// Node.js works out the public key of each that is imported, which takes four times as long. In tests most keys
// come again and again: the last ones stay imported, and what came out of two of them is known.
const { subtle } = crypto;
const most = 500;

subtle.importKey = remembering(
  subtle.importKey.bind(subtle),
  (format, bytes, algorithm, isExtractable, uses) =>
    algorithm?.name === 'X25519' && isExtractable === false && ['pkcs8', 'raw'].includes(format)
      ? `${format} ${Buffer.from(bytes).toString('hex')} ${uses}`
      : undefined,
);
const numbers = new WeakMap();
let last = 0;
function numberOf(key) {
  if (!numbers.has(key)) {
    last += 1;
    numbers.set(key, last);
  }
  return numbers.get(key);
}
const deriveBits = remembering(subtle.deriveBits.bind(subtle), (algorithm, key, length) =>
  algorithm?.name === 'X25519' ? `${numberOf(algorithm.public)} ${numberOf(key)} ${length}` : undefined,
);
// Whoever gets them may wipe them.
subtle.deriveBits = async (...given) => (await deriveBits(...given)).slice();

/** The same function, which keeps the last answers to questions that have a name. */
function remembering(ask, nameOf) {
  const known = new Map();
  return (...given) => {
    const name = nameOf(...given);
    if (name === undefined) return ask(...given);
    const answer = known.get(name) ?? ask(...given);
    known.delete(name);
    known.set(name, answer);
    if (known.size > most) known.delete(known.keys().next().value);
    return answer;
  };
}
