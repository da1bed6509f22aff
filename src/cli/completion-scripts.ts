/** The shells that are supported. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * The script for each shell. All of them call `taffrail complete -- WORDS`, which prints a candidate per line. Others
 * choose the candidates' names: a script must quote them and never let the shell expand them, since a metric may be
 * called `$(rm -rf ~)`.
 */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  // Bash also splits words at @, : and =, and keeps the part before. Its own splitting (compgen -W) would expand
  // candidates.
  bash: String.raw`_taffrail() {
  local line="${"$"}{COMP_LINE:0:COMP_POINT}" word candidate quoted
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word="${"$"}{words[${"$"}{#words[@]} - 1]}"
  local before="${"$"}{word%"${"$"}{word##*[@:=]}"}"
  COMPREPLY=()
  while IFS= read -r candidate; do
    printf -v quoted %q "$candidate"
    COMPREPLY+=("${"$"}{quoted#"$before"}")
  done < <(taffrail complete -- "${"$"}{words[@]:1}" 2>/dev/null)
}
complete -o default -F _taffrail taffrail
`,
  zsh: String.raw`#compdef taffrail
_taffrail() {
  local -a candidates
  candidates=("${"$"}{(@f)$(taffrail complete -- "${"$"}{(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- "${"$"}{(@)candidates:#}"
}
compdef _taffrail taffrail
`,
  fish: String.raw`function __taffrail_complete
  set -l words (commandline -opc)
  set -e words[1]
  taffrail complete -- $words (commandline -ct) 2>/dev/null
end
complete -c taffrail -f -a '(__taffrail_complete)'
`,
  powershell: String.raw`Register-ArgumentCompleter -Native -CommandName taffrail -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text.Trim("'") })
  if ($wordToComplete -eq '') { $words += '' }
  taffrail complete -- @words 2>$null | ForEach-Object {
    $text = if ($_ -match '^[\w./-]+$') { $_ } else { "'" + $_.Replace("'", "''") + "'" }
    [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
  }
}
`,
};
