import type { Label } from '../../../src/model/parts.js';
import type { Rendered } from './render.js';

/** The description beside a frozen archive. */
export interface Vector {
  /** For people. */
  readonly what: string;
  /** Each opens the archive by itself. */
  readonly identities?: readonly string[];
  /** Each opens the archive by itself. */
  readonly passwords?: readonly string[];
  /** None of them opens the archive. */
  readonly wrongPasswords?: readonly string[];
  readonly label: Label | null;
  readonly content: Rendered;
}
