import type { Enrollment, EnrollmentStore } from '../enrollment.js';

/**
 * Stores enrolments in memory, for tests and for hosts with a place of their own.
 *
 * @example
 * ```ts
 * const store = createMemoryEnrollments();
 * await enrollAdmin(admin, password, { store });
 * ```
 */
export function createMemoryEnrollments(): EnrollmentStore {
  const latest = new Map<string, Enrollment>();
  return {
    async load(userNum, options) {
      options?.signal?.throwIfAborted();
      return latest.get(userNum) ?? null;
    },
    async save(enrollment, options) {
      options?.signal?.throwIfAborted();
      const { userNum, revision } = enrollment;
      if ((latest.get(userNum)?.revision ?? 0) >= revision) return false;
      latest.set(userNum, structuredClone(enrollment));
      return true;
    },
  };
}
