#!/bin/busybox sh
# Runs inside of a guest: memory blocks that can go offline do, at random, and come back. Prints each move as a word.
cd /sys/devices/system/memory || exit 1

# offlining waits until all pages have moved, unless a signal ends it
move() {
  if timeout 5 sh -c "echo $2 > $1/state" 2> /dev/null; then echo "$2"; else echo refused; fi
}

while :; do
  for block in memory[0-9]*; do
    [ $((RANDOM % 4)) = 0 ] || continue
    case $(cat "$block/valid_zones" 2> /dev/null) in *Movable* | *none*) ;; *) continue ;; esac
    case $(cat "$block/state" 2> /dev/null) in
      online) move "$block" offline ;;
      offline) move "$block" online_movable ;;
    esac
    sleep $((1 + RANDOM % 3))
  done
done
