import { casesOf, type Place } from "./places.ts";

/** What zsh autoloads or sources. */
export function zshScript(places: readonly Place[]): string {
  return `#compdef pocketmq
# Completion of pocketmq for zsh.
# For this shell:     source <(pocketmq completion zsh)
# For every shell:    pocketmq completion zsh > a folder of $fpath, as _pocketmq

# Sets what may come behind the words $1.
_pocketmq_at() {
  pmq_verbs= pmq_flags= pmq_words=
  case $1 in
${casesOf(places)}  esac
}

# Offers what is of the kind $1; $2 is the program, $3 the name servers on the line.
_pocketmq_offer() {
  case $1 in
    @*) compadd -- \${(s:,:)1#@} ;;
    file) _files ;;
    folder) _files -/ ;;
    topic | group | broker)
      compadd -- \${(f)"$("$2" completion names "$1" "--namesrvAddr=$3" 2> /dev/null < /dev/null)"}
      ;;
  esac
}

# Whether the flag $1 takes a value; then its kind is in pmq_kind.
_pocketmq_takes() {
  local each
  for each in \${=pmq_flags}; do
    if [[ \${each%%=*} == "$1" && $each == *=* ]]; then
      pmq_kind=\${each#*=}
      return 0
    fi
  done
  return 1
}

_pocketmq() {
  local pmq_verbs pmq_flags pmq_words pmq_kind= each flag= at=
  local program=\${(Q)words[1]/#\\~/$HOME} servers=\${NAMESRV_ADDR-}
  integer seen=0

  _pocketmq_at ''
  for each in "\${(@Q)words[2,CURRENT-1]}"; do
    if [[ -n $flag ]]; then
      case $flag in -n | --namesrvAddr) servers=$each ;; esac
      flag=
    elif [[ $each == --namesrvAddr=* ]]; then
      servers=\${each#*=}
    elif [[ $each == -* ]]; then
      if [[ $each != *=* ]] && _pocketmq_takes "$each"; then flag=$each; fi
    elif [[ " $pmq_verbs " == *" $each "* ]]; then
      at=\${at:+$at }$each
      _pocketmq_at "$at"
    else
      seen+=1
    fi
  done

  if [[ -n $flag ]]; then
    _pocketmq_takes "$flag"
    _pocketmq_offer "$pmq_kind" "$program" "$servers"
  elif [[ $PREFIX == --*=* ]]; then
    if _pocketmq_takes "\${PREFIX%%=*}"; then
      compset -P '*='
      _pocketmq_offer "$pmq_kind" "$program" "$servers"
    fi
  elif [[ -n $pmq_verbs && $PREFIX != -* ]]; then
    compadd -- \${=pmq_verbs}
  else
    local -a left=(\${=pmq_words})
    left=("\${(@)left[seen+1,-1]}")
    if [[ -n $left[1] && $PREFIX != -* ]]; then
      _pocketmq_offer "$left[1]" "$program" "$servers"
    elif [[ -z $left[1] || $PREFIX == -* ]]; then
      compadd -- \${\${=pmq_flags}%%=*}
    fi
  fi
}

if [[ $funcstack[1] == _pocketmq ]]; then _pocketmq "$@"; else compdef _pocketmq pocketmq; fi
`;
}
