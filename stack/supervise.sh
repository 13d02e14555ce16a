#!/bin/sh
# supervise.sh PIDFILE AFTER PROGRAM [ARGUMENT…]: runs a server and starts it again whenever it ends, 0.2 s later, then
# 0.4 s, up to 30 s; once it ran for a minute it counts as healthy and the next pause is short again. AFTER, when it is
# not empty, is a program that is run beside each server that was started again. A server of PIDFILE that runs already
# is watched until it ends.
#
# Supervisor, server and what it starts are one process group: one signal to the group ends them all, at whatever moment.
# Beside PIDFILE lie `.supervisor`, the note of this process, and `.restarts`, how often the server ended and how.

NOTE='note() { printf "{\"pid\":%s,\"started\":\"%s\"}" "$1" "${22}" > "$0.own" && mv "$0.own" "$0"; }; note $(cat "/proc/$$/stat")'
FIRST_GAP_MS=200
LONGEST_GAP_MS=30000

main() {
  pidfile=$1 after=$2 base=${1%.pid} healthy=${SUPERVISE_HEALTHY_SECONDS:-60}
  shift 2
  stopping= ends=0 gap=$FIRST_GAP_MS
  trap 'stopping=1' TERM INT
  note "$base.supervisor" "$$"
  while [ -z "$stopping" ] && [ -d "${base%/*}" ]; do
    began=$(date +%s)
    if ! watch_running "$pidfile"; then
      # it notes itself down, then becomes the server: no server runs that no pid file names
      /bin/sh -c "$NOTE; exec \"\$@\"" "$pidfile" "$@" &
      server=$!
      [ -z "$stopping" ] || kill -TERM "$server" # the signal to the group came before there was a server
      if [ "$ends" -gt 0 ] && [ -n "$after" ]; then "$after" & fi
      code=0
      wait "$server" || code=$?
      while [ -n "$stopping" ] && kill -0 "$server" 2> /dev/null; do wait "$server"; done
      why=$(reason "$code")
    fi
    [ -z "$stopping" ] || exit 0
    [ $(($(date +%s) - began)) -lt "$healthy" ] || gap=$FIRST_GAP_MS
    ends=$((ends + 1))
    remember
    sweep "$$" # its children may hold its ports
    sleep "$((gap / 1000)).$(printf %03d $((gap % 1000)))"
    gap=$((gap * 2))
    [ "$gap" -le "$LONGEST_GAP_MS" ] || gap=$LONGEST_GAP_MS
  done
}

note() {
  printf '{"pid":%s,"started":"%s"}' "$2" "$(started "$2")" > "$1.own" && mv "$1.own" "$1"
}

# Field 22 of proc(5)'s stat, counted from behind the name, which may hold blanks. Empty when the process is gone.
started() {
  field "$1" 20
}

field() {
  { read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 0
  n=$2
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [ "$1" = Z ] || eval "echo \"\${$n}\""
}

# Waits for the end of the server that the pid file names, when it is still that very process. One that is not our child does not tell how it ended.
watch_running() {
  [ -f "$1" ] || return 1
  noted=$(cat "$1")
  pid=${noted#'{"pid":'} pid=${pid%%,*} since=${noted##*'"started":"'} since=${since%%\"*}
  [ -n "$since" ] && [ "$(started "$pid")" = "$since" ] || return 1
  group=$(field "$pid" 3)
  while [ "$(started "$pid")" = "$since" ]; do
    [ -z "$stopping" ] || return 0
    sleep 0.5
  done
  why=unknown
  sweep "$group"
  return 0
}

reason() {
  if [ "$1" -gt 128 ]; then echo "SIG$(kill -l $(($1 - 128)))"; else echo "exit code $1"; fi
}

remember() {
  printf '{"ends":%s,"why":"%s","endedAt":%s,"gapMs":%s}' "$ends" "$why" "$(date +%s)" "$gap" > "$base.restarts.new" && mv "$base.restarts.new" "$base.restarts"
}

# Kills what is left of a process group, but not this process.
sweep() {
  for entry in /proc/[0-9]*; do
    [ "${entry#/proc/}" != "$$" ] && [ "$(field "${entry#/proc/}" 3)" = "$1" ] && kill -KILL "${entry#/proc/}" 2> /dev/null
  done
}

main "$@"
exit
