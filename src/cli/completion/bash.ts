import { casesOf, type Place } from "./places.ts";

/** What bash sources; for bash 3.2, which macOS has, and later. */
export function bashScript(places: readonly Place[]): string {
  return `# Completion of pocketmq for bash.
# For this shell:     source <(pocketmq completion bash)
# For every shell:    pocketmq completion bash > ~/.local/share/bash-completion/completions/pocketmq

# Sets what may come behind the words $1.
_pocketmq_at() {
  pmq_verbs= pmq_flags= pmq_words=
  case $1 in
${casesOf(places)}  esac
}

# Offers what of the kind $1 begins with $2; $3 is the program, $4 the name servers on the line.
_pocketmq_offer() {
  local each
  case $1 in
    @*) COMPREPLY=($(compgen -W "$(tr , ' ' <<< "\${1#@}")" -- "$2")) ;;
    file | folder)
      compopt -o filenames 2> /dev/null
      while IFS= read -r each; do COMPREPLY+=("$each"); done \\
        < <(if [[ $1 == file ]]; then compgen -f -- "$2"; else compgen -d -- "$2"; fi)
      ;;
    topic | group | broker)
      while IFS= read -r each; do
        if [[ $each == "$2"* ]]; then COMPREPLY+=("$each"); fi
      done < <("$3" completion names "$1" "--namesrvAddr=$4" 2> /dev/null < /dev/null)
      ;;
  esac
}

# Whether the flag $1 takes a value; then its kind is in pmq_kind.
_pocketmq_takes() {
  local each
  for each in $pmq_flags; do
    if [[ \${each%%=*} == "$1" && $each == *=* ]]; then
      pmq_kind=\${each#*=}
      return 0
    fi
  done
  return 1
}

_pocketmq() {
  local pmq_verbs pmq_flags pmq_words pmq_kind=
  local typed=() rest=\${COMP_LINE:0:COMP_POINT} before each i
  local program=\${COMP_WORDS[0]/#\\~/$HOME} path= seen=0 servers=\${NAMESRV_ADDR-} flag=
  COMPREPLY=()

  # bash takes words apart at : and =; what stands together is one of ours.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    before=$rest
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    if ((i > 0)) && [[ $rest == "$before" ]]; then
      typed[\${#typed[@]} - 1]+=\${COMP_WORDS[i]}
    else
      typed+=("\${COMP_WORDS[i]}")
    fi
    rest=\${rest#"\${COMP_WORDS[i]}"}
  done
  local last=$((\${#typed[@]} - 1))
  local cur=\${typed[last]}

  _pocketmq_at ''
  for ((i = 1; i < last; i++)); do
    each=\${typed[i]}
    if [[ -n $flag ]]; then
      case $flag in -n | --namesrvAddr) servers=$each ;; esac
      flag=
    elif [[ $each == --namesrvAddr=* ]]; then
      servers=\${each#*=}
    elif [[ $each == -* ]]; then
      if [[ $each != *=* ]] && _pocketmq_takes "$each"; then flag=$each; fi
    elif [[ " $pmq_verbs " == *" $each "* ]]; then
      path=\${path:+$path }$each
      _pocketmq_at "$path"
    else
      ((seen++))
    fi
  done
  servers=\${servers//[\\'\\"]/}

  if [[ -n $flag ]]; then
    _pocketmq_takes "$flag"
    _pocketmq_offer "$pmq_kind" "$cur" "$program" "$servers"
  elif [[ $cur == --*=* ]]; then
    if _pocketmq_takes "\${cur%%=*}"; then
      _pocketmq_offer "$pmq_kind" "\${cur#*=}" "$program" "$servers"
    fi
    cur=\${cur#*=}
  elif [[ -n $pmq_verbs && $cur != -* ]]; then
    COMPREPLY=($(compgen -W "$pmq_verbs" -- "$cur"))
  else
    set -- $pmq_words
    shift $((seen < $# ? seen : $#))
    if [[ $# -gt 0 && $cur != -* ]]; then
      _pocketmq_offer "$1" "$cur" "$program" "$servers"
    elif [[ $# -eq 0 || $cur == -* ]]; then
      for each in $pmq_flags; do
        each=\${each%%=*}
        if [[ $each == "$cur"* ]]; then COMPREPLY+=("$each"); fi
      done
    fi
  fi

  # Behind a : bash puts in only what comes after it.
  if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
    before=\${cur%"\${cur##*:}"}
    for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=\${COMPREPLY[i]#"$before"}; done
  fi
}

complete -F _pocketmq pocketmq
`;
}
