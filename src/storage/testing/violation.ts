/**
 * A promise of the contract that an adapter did not keep.
 *
 * @example
 * ```ts
 * for (const check of storageContract({ create: () => createMyStorage() })) {
 *   await check.run().catch((error: unknown) => {
 *     if (!(error instanceof ContractViolation)) throw error;
 *     console.error(`${check.name}: ${error.message}`);
 *   });
 * }
 * ```
 */
export class ContractViolation extends Error {
  override readonly name: 'ContractViolation' = 'ContractViolation';
}

/** @throws ContractViolation with the sentence when the condition does not hold */
export function demand(condition: boolean, sentence: string, cause?: unknown): asserts condition {
  if (!condition) throw new ContractViolation(sentence, cause === undefined ? undefined : { cause });
}

/** Demands that bytes are equal; names the first place where they differ. */
export function demandBytes(got: Uint8Array, wanted: Uint8Array, what: string): void {
  demand(got.length === wanted.length, `${what}: got ${got.length} bytes, wanted ${wanted.length}`);
  for (let i = 0; i < got.length; i += 1) {
    if (got[i] !== wanted[i]) demand(false, `${what}: byte ${i} differs`);
  }
}

/** Demands that something is refused, and returns what was thrown. */
export async function demandFailure(work: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new ContractViolation(`${what} was not refused`);
}
