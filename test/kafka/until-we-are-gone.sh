#!/bin/sh
# Runs a command for as long as whoever started this is there: their end of standard input closes however they end, and
# SIGKILL asks nobody. Says the command's process id first. $1 is then done after it.
atTheEnd=$1
shift
exec 3<&0
"$@" </dev/null >&2 3<&- &
pid=$!
echo "$pid"
{
  cat <&3 >/dev/null
  trap '' TERM # below, the end of the command ends this watch, but not one that has begun to clean up
  while kill -9 "$pid"; do sleep 0.1; done
  eval "$atTheEnd"
} >&2 2>/dev/null &
watch=$!
exec 3<&-
wait "$pid"
kill "$watch"
