import type { Command } from '../command.js';
import { planCommand } from './plan.js';

/** Every word of the command line, in the order in which the help shows them. */
export const commands: readonly Command[] = [planCommand];
