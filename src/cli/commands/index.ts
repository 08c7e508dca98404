import type { CommandWord } from '../command.js';

/**
 * All commands, in the order in which the help shows them. Only the one that was typed is loaded: loading all
 * of them takes longer than most commands run.
 */
export const commandWords: readonly CommandWord[] = [
  {
    name: 'backup',
    summary: 'copy a database into a sealed archive',
    load: async () => (await import('./backup.js')).backupCommand,
  },
  {
    name: 'list',
    summary: 'show which archives there are, and what to type next',
    load: async () => (await import('./list.js')).listCommand,
  },
  {
    name: 'verify',
    summary: 'read a whole archive and prove that nothing is missing',
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  {
    name: 'restore',
    summary: 'put an archive into a new database',
    load: async () => (await import('./restore.js')).restoreCommand,
  },
  {
    name: 'extract',
    summary: 'turn an archive into SQL, CSV or tar files',
    load: async () => (await import('./extract.js')).extractCommand,
  },
  {
    name: 'rehearse',
    summary: 'restore into a scratch database, compare, drop, certify',
    load: async () => (await import('./rehearse.js')).rehearseCommand,
  },
  {
    name: 'inspect',
    summary: 'show the label of an archive; needs no key',
    load: async () => (await import('./inspect.js')).inspectCommand,
  },
  {
    name: 'keygen',
    summary: 'make a key file, for --recipient and --identity',
    load: async () => (await import('./keygen.js')).keygenCommand,
  },
  {
    name: 'night',
    summary: 'make the copies of every night from a file, as a service',
    load: async () => (await import('./night.js')).nightCommand,
  },
  {
    name: 'plan',
    summary: 'show what a backup would hold, without making one',
    load: async () => (await import('./plan.js')).planCommand,
  },
  {
    name: 'prove',
    summary: 'prove that a person can open the newest copies',
    load: async () => (await import('./prove.js')).proveCommand,
  },
  {
    name: 'kit',
    summary: 'make, confirm, list or revoke a recovery kit on paper',
    load: async () => (await import('./kit.js')).kitCommand,
  },
  {
    name: 'who-can-open',
    summary: 'show whose password opens which archive; needs no key',
    load: async () => (await import('./who-can-open.js')).whoCanOpenCommand,
  },
  {
    name: 'check',
    summary: 'try everything that a night needs, without making one',
    load: async () => (await import('./check.js')).checkCommand,
  },
  {
    name: 'opener',
    summary: 'write the page that opens an archive in a browser',
    load: async () => (await import('./opener.js')).openerCommand,
  },
  {
    name: 'evidence',
    summary: 'write a page that shows what copies there are',
    load: async () => (await import('./evidence.js')).evidenceCommand,
  },
  {
    name: 'acknowledge',
    summary: 'record that a person reviewed what seemed lost',
    load: async () => (await import('./acknowledge.js')).acknowledgeCommand,
  },
  {
    name: 'completion',
    summary: 'print a completion script for a shell',
    load: async () => (await import('./completion.js')).completionCommand,
  },
];
