# shellcheck shell=bash
# What the start.sh of each layout does; for bash 3.2 or newer and what every Unix has.
# Sourced, not run: layout FOLDER ARGUMENT...

set -u

layout_help() {
  cat <<TEXT
Runs the layout "$(basename "$layout_folder")" on this machine: two name servers and its brokers.

Usage: start.sh [start | run | stop | status]

  start    starts every node in the background and returns when all of them serve and each
           SYNC_MASTER has its slave (the default)
  run      the same, then stays; Ctrl-C stops them
  stop     stops what start or run started, and nothing else
  status   which nodes run

What can be set in the environment:
  POCKETMQ       the program, with arguments if it needs some; default: dist/pocketmq, else the
                 source by deno or bun, else the pocketmq of the PATH
  LAYOUT_DATA    where stores, logs and process ids go; default: ./pocketmq-data
  LAYOUT_PORTS   "files" takes the ports of the .properties files (the default), "free" any that are
  LAYOUT_IP      the address that brokers tell clients and slaves; default: 127.0.0.1
TEXT
}

layout() {
  layout_folder=$1
  data=${LAYOUT_DATA:-pocketmq-data}
  ports=${LAYOUT_PORTS:-files}
  if [ "${2:-}" = --help ] || [ "${2:-}" = -h ]; then layout_help; return 0; fi
  if [ $# -gt 2 ]; then complain "one word at most, not \"$3\" too; see start.sh --help"; exit 2; fi
  case $ports in files | free) ;; *) complain "LAYOUT_PORTS is \"$ports\", it must be files or free"; exit 2 ;; esac
  case $data in /*) ;; *) data=$PWD/$data ;; esac
  run=$data/run-$(basename "$layout_folder")
  case ${2:-start} in
    start) start_all && show_all ;;
    run) start_all && show_all && stay ;;
    stop) stop_all ;;
    status) show_all ;;
    *) complain "unknown word \"$2\"; it must be start, run, stop or status"; exit 2 ;;
  esac
}

complain() { echo "start.sh: $*" >&2; }

# ---- the nodes, named as their files

name_servers() { echo namesrv-1 namesrv-2; }

brokers() {
  local file
  for file in "$layout_folder"/broker-*.properties; do basename "$file" .properties; done
}

all_nodes() { name_servers; brokers; }

file_of() { echo "$layout_folder/$1.properties"; }

setting_of() { sed -n "s/^$2=//p" "$(file_of "$1")"; }

# Where a broker keeps its store by itself, too.
store_of() { echo "$data/$(setting_of "$1" brokerName)-$(setting_of "$1" brokerId)"; }

# The process of a node, if it runs: a number in a file is not enough, it may be another's by now.
pid_of() {
  local pid command
  [ -r "$run/$1.pid" ] || return 1
  read -r pid < "$run/$1.pid" || return 1
  kill -0 "$pid" 2> /dev/null || return 1
  if [ -r "/proc/$pid/cmdline" ]; then
    command=$(tr '\0' ' ' < "/proc/$pid/cmdline")
  else
    command=$(ps -ww -o args= -p "$pid" 2> /dev/null)
  fi
  case $command in *"$(file_of "$1")"*) echo "$pid" ;; *) return 1 ;; esac
}

# ---- start

find_program() {
  local root
  root=$(cd "$layout_folder/../.." && pwd)
  if [ -n "${POCKETMQ:-}" ]; then
    if [ -x "$POCKETMQ" ] && [ ! -d "$POCKETMQ" ]; then program=("$POCKETMQ"); else read -r -a program <<< "$POCKETMQ"; fi
  elif [ -x "$root/dist/pocketmq" ]; then
    program=("$root/dist/pocketmq")
  elif [ -f "$root/bin/pocketmq.ts" ] && [ -x "$root/tools/node_modules/.bin/deno" ]; then
    program=("$root/tools/node_modules/.bin/deno" run -A --config "$root/deno.json" "$root/bin/pocketmq.ts")
  elif [ -f "$root/bin/pocketmq.ts" ] && command -v deno > /dev/null; then
    program=(deno run -A --config "$root/deno.json" "$root/bin/pocketmq.ts")
  elif [ -f "$root/bin/pocketmq.ts" ] && command -v bun > /dev/null; then
    program=(bun "$root/bin/pocketmq.ts")
  elif [ -f "$root/dist/pocketmq.js" ] && command -v bun > /dev/null; then
    program=(bun "$root/dist/pocketmq.js")
  elif [ -f "$root/dist/pocketmq.js" ] && command -v deno > /dev/null; then
    program=(deno run -A --no-config "$root/dist/pocketmq.js")
  elif command -v pocketmq > /dev/null; then
    program=(pocketmq)
  else
    complain "no pocketmq found; name it in POCKETMQ, or make dist/pocketmq"
    return 1
  fi
}

start_all() {
  local node
  find_program || exit 1
  for node in $(all_nodes); do
    if pid_of "$node" > /dev/null; then
      complain "$node runs already as process $(pid_of "$node"); start.sh stop ends it"
      exit 1
    fi
  done
  mkdir -p "$run" || exit 1
  rm -f "$run"/*.pid "$run/stopping"
  trap 'complain "interrupted, stopping"; stop_all; exit 130' INT
  trap 'stop_all; exit 143' TERM
  namesrv_addr=
  for node in $(name_servers); do start_name_server "$node"; done
  for node in $(name_servers); do
    await_ready "$node" || give_up
    namesrv_addr=$namesrv_addr${namesrv_addr:+;}$(address_of "$node" namesrv)
  done
  for node in $(brokers); do start_broker "$node"; done
  for node in $(brokers); do await_ready "$node" || give_up; done
  for node in $(brokers); do
    [ "$(setting_of "$node" brokerRole)" != SYNC_MASTER ] || await_slave "$node"
  done
}

start_name_server() {
  local free=()
  [ "$ports" = files ] || free=(--listenPort 0)
  launch "$1" --namesrv -c "$(file_of "$1")" --kvConfigPath "$data/$1/kvConfig.json" ${free[@]+"${free[@]}"}
}

start_broker() {
  local free=() ip=${LAYOUT_IP:-127.0.0.1} store
  store=$(store_of "$1")
  [ "$ports" = files ] || free=(--listenPort 0)
  launch "$1" -c "$(file_of "$1")" --namesrvAddr "$namesrv_addr" --brokerIP1 "$ip" --brokerIP2 "$ip" \
    --storePathRootDir "$store" --storePathCommitLog "$store/commitlog" ${free[@]+"${free[@]}"}
}

# In the background and in a process group of its own, or Ctrl-C would reach it before start.sh can stop
# it in order.
launch() {
  local node=$1
  shift
  set -m
  (
    trap '' HUP
    exec "${program[@]}" "$@" < /dev/null > "$run/$node.out" 2> "$run/$node.log"
  ) &
  echo $! > "$run/$node.pid"
  disown
  set +m
}

# A node that serves prints one line of JSON.
await_ready() {
  local left=600
  while [ "$left" -gt 0 ]; do
    if grep -q '"ready":true' "$run/$1.out" 2> /dev/null; then return 0; fi
    if ! kill -0 "$(cat "$run/$1.pid")" 2> /dev/null; then
      complain "$1 ended before it served; the end of $run/$1.log:"
      tail -n 5 "$run/$1.log" >&2
      return 1
    fi
    sleep 0.1
    left=$((left - 1))
  done
  complain "$1 does not serve after 60 s; see $run/$1.log"
  return 1
}

# Until its slave is there, a SYNC_MASTER stores what is sent and answers SLAVE_NOT_AVAILABLE.
await_slave() {
  local left=60
  while [ "$left" -gt 0 ]; do
    "${program[@]}" ha status -b "$(address_of "$1" broker)" > /dev/null 2>&1
    case $? in 0 | 2) return 0 ;; esac # 2: a program that has no such command
    sleep 0.5
    left=$((left - 1))
  done
  complain "the slave of $1 is not in sync yet; see pocketmq ha status -b $(address_of "$1" broker)"
}

give_up() {
  stop_all >&2
  exit 1
}

# The address behind that word in the node's ready line.
address_of() { sed -n "s/.*\"$2\":\"\([^\"]*\)\".*/\1/p" "$run/$1.out" 2> /dev/null; }

# ---- show, stay, stop

show_all() {
  local node pid down=0 addresses=
  show NODE PROCESS ADDRESS 'FOR SLAVES' DATA
  for node in $(all_nodes); do
    if ! pid=$(pid_of "$node"); then
      show "$node" stopped - - -
      down=1
      continue
    fi
    case $node in
      namesrv-*)
        show "$node" "$pid" "$(address_of "$node" namesrv)" - "$data/$node"
        addresses=$addresses${addresses:+;}$(address_of "$node" namesrv)
        ;;
      *) show "$node" "$pid" "$(address_of "$node" broker)" "$(address_of "$node" ha)" "$(store_of "$node")" ;;
    esac
  done
  [ "$down" = 0 ] || return 3
  echo
  echo "Clients:  NAMESRV_ADDR='$addresses'"
  echo "Logs:     $run/NODE.log"
  echo "To stop:  ${LAYOUT_DATA:+LAYOUT_DATA='$data' }$layout_folder/start.sh stop"
}

show() { printf '%-11s %-8s %-21s %-21s %s\n' "$@"; }

stay() {
  local node left
  echo "          or Ctrl-C here"
  trap 'echo; stop_all; exit 0' INT
  trap 'stop_all; exit 0' TERM
  while :; do
    left=0
    for node in $(all_nodes); do
      if pid_of "$node" > /dev/null; then
        left=$((left + 1))
      elif [ -e "$run/$node.pid" ] && [ ! -e "$run/stopping" ]; then
        complain "$node ended by itself; see $run/$node.log"
        rm -f "$run/$node.pid"
      fi
    done
    if [ "$left" = 0 ]; then
      [ -e "$run/stopping" ] && exit 0 # by start.sh stop, elsewhere
      exit 1
    fi
    sleep 1
  done
}

# Brokers first, so that they can still tell the name servers.
stop_all() {
  local stopped=0 node
  [ -d "$run" ] && : > "$run/stopping"
  for node in $(brokers); do ask_to_stop "$node"; done
  for node in $(brokers); do await_stopped "$node"; done
  for node in $(name_servers); do ask_to_stop "$node"; done
  for node in $(name_servers); do await_stopped "$node"; done
  echo "$stopped nodes stopped"
}

ask_to_stop() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill -TERM "$pid" && stopped=$((stopped + 1))
}

# Kills it after 15 s.
await_stopped() {
  local pid left=150
  while pid=$(pid_of "$1"); do
    if [ "$left" = 0 ]; then
      complain "$1 did not stop in 15 s, killing process $pid"
      kill -KILL "$pid"
    fi
    sleep 0.1
    left=$((left - 1))
  done
  rm -f "$run/$1.pid"
}
