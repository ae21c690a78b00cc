#!/bin/busybox sh
# Runs inside of a guest: memory blocks that can go offline do, at random, and come back. Prints each move as a word.
cd /sys/devices/system/memory || exit 1
while :; do
  for block in memory[0-9]*; do
    [ $((RANDOM % 4)) = 0 ] || continue
    case $(cat "$block/valid_zones" 2> /dev/null) in *Movable* | *none*) ;; *) continue ;; esac
    if [ "$(cat "$block/state")" = online ]; then
      if echo offline > "$block/state"; then echo offline; else echo refused; fi
    elif echo online_movable > "$block/state"; then
      echo online
    else
      echo refused
    fi 2> /dev/null
    usleep $((RANDOM * 20))
  done
done
