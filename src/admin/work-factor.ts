/**
 * How much work a guess at a password costs. Not an option of any public function, so that no host can weaken
 * it.
 */
export interface WorkFactor {
  /** Of scrypt, as a power of two. */
  readonly scryptLogN: number;
}

/** 128 MiB of memory and about a third of a second. */
export const fullWorkFactor: WorkFactor = { scryptLogN: 17 };
