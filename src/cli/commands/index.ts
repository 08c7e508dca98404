import type { Command } from '../command.js';
import { acknowledgeCommand } from './acknowledge.js';
import { backupCommand } from './backup.js';
import { checkCommand } from './check.js';
import { extractCommand } from './extract.js';
import { inspectCommand } from './inspect.js';
import { openerCommand } from './opener.js';
import { planCommand } from './plan.js';
import { rehearseCommand } from './rehearse.js';
import { restoreCommand } from './restore.js';
import { verifyCommand } from './verify.js';
import { whoCanOpenCommand } from './who-can-open.js';

/** Every word of the command line, in the order in which the help shows them. */
export const commands: readonly Command[] = [
  backupCommand,
  planCommand,
  checkCommand,
  inspectCommand,
  whoCanOpenCommand,
  verifyCommand,
  restoreCommand,
  rehearseCommand,
  extractCommand,
  openerCommand,
  acknowledgeCommand,
];
