"""`pybuild completion`: commands, options and names at the touch of the tab key."""

from __future__ import annotations

import argparse

from builder.errors import UsageError

HELP = "Print a script that teaches a shell to complete commands, options, images and containers."
EXAMPLES = """\
  source <(pybuild completion bash)                       in ~/.bashrc
  source <(pybuild completion zsh)                        in ~/.zshrc, after compinit
  pybuild completion fish > ~/.config/fish/completions/pybuild.fish"""

_BASH = r"""_pybuild() {
    # bash cuts words at : and =, which images and options have in them: so the line is cut here, at blanks
    local line=${COMP_LINE:0:COMP_POINT} words typed before IFS=$' \t\n'
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    typed=${words[-1]}
    before=${typed%"${typed##*[:=]}"}
    IFS=$'\n'
    COMPREPLY=($(pybuild completion --of "${words[@]:1}" 2>/dev/null | cut -f1))
    COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -o default -F _pybuild pybuild
"""
_ZSH = r"""#compdef pybuild
_pybuild() {
    local line
    local -a found
    for line in "${(@f)$(pybuild completion --of "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( $#found )); then _describe pybuild found; else _files; fi
}
compdef _pybuild pybuild
"""
_FISH = r"""function __pybuild_candidates
    set -l words (commandline -opc) (commandline -ct)
    pybuild completion --of $words[2..] 2>/dev/null
end
complete -c pybuild -n 'count (__pybuild_candidates) >/dev/null' -f -a '(__pybuild_candidates)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", nargs="?", choices=tuple(SCRIPTS), metavar="SHELL", help="bash, zsh or fish")
    parser.add_argument(
        "--of", nargs=argparse.REMAINDER, metavar="WORD", help="what the scripts ask: words for the last of these"
    )


def run(args: argparse.Namespace) -> int:
    if args.of is not None:
        from builder.cli.completion import candidates

        for candidate in candidates(args.of or [""], args.root):
            print(f"{candidate.word}\t{candidate.help}")
        return 0
    if args.shell is None:
        raise UsageError("no-shell", "for which shell?", hint="e.g. pybuild completion bash")
    print(SCRIPTS[args.shell], end="")
    return 0
