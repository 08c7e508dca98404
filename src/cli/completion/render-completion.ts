import type { CommandShape } from './shapes.js';

/** The shells that are known. */
export const shells = ['bash', 'zsh', 'powershell'] as const;

/** A script that lets a shell complete commands and options, and files everywhere else. */
export function renderCompletion(shell: (typeof shells)[number], shapes: readonly CommandShape[]): string {
  switch (shell) {
    case 'bash':
      return bash(shapes);
    case 'zsh':
      return zsh(shapes);
    case 'powershell':
      return powershell(shapes);
  }
}

function bash(shapes: readonly CommandShape[]): string {
  return `_supplemental_backup() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${namesOf(shapes)} help"
  elif [ "$COMP_CWORD" -eq 2 ] && [ "\${word:0:1}" != "-" ]; then
    case "\${COMP_WORDS[1]}" in
      help) words="${namesOf(shapes)}" ;;
${withFirstWords(shapes, ({ name, firstWords }) => `      ${name}) words="${firstWords.join(' ')}" ;;`)}
    esac
  elif [ "\${word:0:1}" = "-" ]; then
    case "\${COMP_WORDS[1]}" in
${shapes.map(({ name, options }) => `      ${name}) words="${options.join(' ')}" ;;`).join('\n')}
    esac
  fi
  [ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _supplemental_backup supplemental-backup
`;
}

function zsh(shapes: readonly CommandShape[]): string {
  const described = shapes.map(
    ({ name, summary }) => `    '${name}:${summary.replaceAll("'", String.raw`'\''`)}'`,
  );
  return `#compdef supplemental-backup
_supplemental_backup() {
  local -a commands options
  commands=(
${described.join('\n')}
    'help:tell all about a command'
  )
  if (( CURRENT == 2 )) || [[ $CURRENT == 3 && $words[2] == help ]]; then
    _describe command commands
    return
  fi
  if [[ $CURRENT == 3 && $words[CURRENT] != -* ]]; then
    case $words[2] in
${withFirstWords(shapes, ({ name, firstWords }) => `      ${name}) compadd -- ${firstWords.join(' ')}; return ;;`)}
    esac
  fi
  if [[ $words[CURRENT] == -* ]]; then
    case $words[2] in
${shapes.map(({ name, options }) => `      ${name}) options=(${options.join(' ')}) ;;`).join('\n')}
    esac
    compadd -- $options
    return
  fi
  _files
}
if [ "$funcstack[1]" = _supplemental_backup ]; then
  _supplemental_backup "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _supplemental_backup supplemental-backup
fi
`;
}

function powershell(shapes: readonly CommandShape[]): string {
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ');
  return `Register-ArgumentCompleter -Native -CommandName 'supplemental-backup', 'supplemental-backup.exe' -ScriptBlock {
  param($word, $ast, $cursor)
  $options = @{
${shapes.map(({ name, options }) => `    '${name}' = @(${quoted(options)})`).join('\n')}
  }
  $first = @{
    'help' = @(${quoted(shapes.map(({ name }) => name))})
${withFirstWords(shapes, ({ name, firstWords }) => `    '${name}' = @(${quoted(firstWords)})`)}
  }
  $typed = @($ast.CommandElements | ForEach-Object { $_.ToString() })
  $at = if ($word -eq '') { $typed.Count } else { $typed.Count - 1 }
  $words = if ($at -le 1) { $first['help'] + 'help' }
    elseif ($word -like '-*') { $options[$typed[1]] }
    elseif ($at -eq 2) { $first[$typed[1]] }
  $words | Where-Object { $_ -and $_ -like "$word*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterName', $_)
  }
}
`;
}

function withFirstWords(shapes: readonly CommandShape[], line: (shape: CommandShape) => string): string {
  return shapes
    .filter(({ firstWords }) => firstWords.length > 0)
    .map(line)
    .join('\n');
}

function namesOf(shapes: readonly CommandShape[]): string {
  return shapes.map(({ name }) => name).join(' ');
}
