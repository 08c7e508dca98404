import fc from 'fast-check';

/**
 * fast-check with a fixed seed: a test says the same twice. `PROPERTY_SEED=N` looks elsewhere; what it finds
 * becomes a case of its own.
 */
fc.configureGlobal({ seed: Number(process.env['PROPERTY_SEED'] ?? 1) });

// The library's own `unit: 'binary'` means the same, and takes a second to look every one of them up.
const codePoint = fc
  .integer({ min: 0, max: 0x10_f7_ff })
  .map((number) => String.fromCodePoint(number < 0xd8_00 ? number : number + 0x8_00));

/** Text of any characters, or of plain ones, some of which mean something to programs. */
export function anyText(bounds: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.oneof(fc.string({ ...bounds, unit: codePoint }), fc.string(bounds));
}

export { fc };
