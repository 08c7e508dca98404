import { didYouMean, nearestWord } from '../../nearest-word.js';
import type { Command } from '../command.js';
import { renderCompletion, shells } from '../completion/render-completion.js';
import { commandShapes } from '../completion/shapes.js';
import { UsageError } from '../exit-codes.js';
import { renderManual } from '../manual.js';

/** `completion`: a completion script for a shell. */
export const completionCommand: Command = {
  name: 'completion',
  help: `Print a script that completes commands in a shell, or the manual page.

Usage: supplemental-backup completion bash|zsh|powershell|man

  bash         in ~/.bashrc:  source <(supplemental-backup completion bash)
  zsh          in ~/.zshrc:   source <(supplemental-backup completion zsh)
  powershell   in $PROFILE:   supplemental-backup completion powershell |
                              Out-String | Invoke-Expression
  man          the manual page, as troff
  --json       one JSON document
`,
  examples: [['the manual page on a screen', 'completion man | man -l -']],
  options: {},
  words: [...shells, 'man'],
  positionals: { least: 1, most: 1 },
  async run(given, { words }) {
    const shell = given.positionals[0]!;
    const known = shells.find((each) => each === shell);
    if (shell === 'man') {
      const manual = await renderManual(words);
      return { json: { shell, script: manual }, text: manual, isPage: true };
    }
    if (known === undefined) {
      const meant = didYouMean(nearestWord(shell, [...shells, 'man']));
      throw new UsageError(
        `There is no completion for "${shell}", only for ${shells.join(', ')} and man.${meant}`,
      );
    }
    const script = renderCompletion(known, await commandShapes(words));
    return { json: { shell, script }, text: script, isPage: true };
  },
};
