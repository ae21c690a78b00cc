import type { Shell } from '../shells.ts';

/*
 * The scripts ask `structpage __complete`, which prints a line of attributes ("files": also names of files; "open": no space after the
 * word) and then a line for each candidate: the word, a tab, and what it is.
 */
const BASH = `# bash completion of structpage; to be read by 'source <(structpage completion bash)'
_structpage() {
  local attributes word rest
  COMPREPLY=()
  {
    read -r attributes
    while IFS=$'\\t' read -r word rest; do COMPREPLY+=("$word"); done
  } < <("$1" __complete bash "\${COMP_LINE:0:COMP_POINT}" 2> /dev/null)
  if [[ $attributes == *open* ]]; then compopt -o nospace 2> /dev/null; fi
  if [[ $attributes == *files* ]]; then
    if ((\${#COMPREPLY[@]} > 0)); then
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$2")
      compopt -o filenames 2> /dev/null
    else
      compopt -o default -o bashdefault 2> /dev/null
    fi
  fi
}
complete -F _structpage structpage
`;

const ZSH = `#compdef structpage
# zsh completion of structpage; to be read by 'source <(structpage completion zsh)', or as _structpage in $fpath
_structpage() {
  local -a lines values shown suffix
  local line
  lines=("\${(@f)$("\${(Q)words[1]}" __complete words -- "\${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2> /dev/null)}")
  [[ $lines[1] == *open* ]] && suffix=(-S '')
  for line in "\${(@)lines[2,-1]}"; do
    [[ -n $line ]] || continue
    values+=("\${line%%$'\\t'*}")
    shown+=("\${line%%$'\\t'*}\${\${line#*$'\\t'}:+  -- \${line#*$'\\t'}}")
  done
  (( $#values )) && compadd "\${(@)suffix}" -l -d shown -a values
  [[ $lines[1] == *files* ]] && _files
}
if [[ $funcstack[1] == _structpage ]]; then _structpage "$@"; else compdef _structpage structpage; fi
`;

const FISH = `# fish completion of structpage; to be read by 'structpage completion fish | source'
function __structpage_complete
    set -l words (commandline -opc)
    set -l current (string replace -r '^[\\'"]' '' -- (commandline -ct))
    set -l lines ($words[1] __complete words -- $words[2..-1] "$current" 2> /dev/null)
    if string match -q '*files*' -- $lines[1]
        __fish_complete_path "$current"
    end
    string match -r '.+' -- $lines[2..-1]
end
complete -c structpage -f -a '(__structpage_complete)'
`;

/** The scripts that teach shells to complete. */
export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
