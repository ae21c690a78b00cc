#!/bin/bash
# Build LiME (Debian's lime-forensics-dkms) for the newest cloud kernel of a series that fetch-kernels.sh has put into FOLDER:
#   fetch-lime.sh FOLDER SERIES
# makes FOLDER/RELEASE/lime.ko. The kernel's headers are unpacked beside it and taken away again; nothing is installed.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$(cd "$1" && pwd)
stop() { echo "LiME: $*"; exit 1; }

release=$(cd "$out" && find . -path "./$2.*-cloud-amd64/vmlinuz" | cut -d/ -f2 | sort -V | tail -n1)
[ -n "$release" ] || stop "there is no kernel $2 in $out"
[ ! -e "$out/$release/lime.ko" ] || { echo "LiME: $release has it"; exit 0; }
for program in gcc make strip; do command -v $program > /dev/null 2>&1 || stop "no $program to build it with"; done
export APT_CONFIG=$out/.apt-amd64/apt.conf
[ -e "$APT_CONFIG" ] || stop "fetch-kernels.sh has to be run for $out first"

work=$(mktemp -d "$out/.apt-amd64/lime.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
headers=linux-headers-$release
depends() { apt-cache show --no-all-versions "$1" 2> /dev/null | sed -n 's/^Depends: //p' | tr ',' '\n' | sed 's/^ *//; s/ .*//'; }
packages=$(depends "$headers" | grep -E '^linux-(headers|kbuild)-') || stop "no suite that can be reached has $headers"
# shellcheck disable=SC2086
apt-get -q download "$headers" $packages lime-forensics-dkms > apt.log 2>&1 ||
  stop "$headers, or what it needs, could not be fetched: $(grep -m1 '^E:' apt.log || tail -n1 apt.log)"
for deb in *.deb; do dpkg-deb -x "$deb" tree; done
# the packages name each other by where they would be installed
sed -i "s,/usr/src/,$work/tree/usr/src/," "tree/usr/src/$headers/Makefile"
source=$(echo "$work"/tree/usr/src/lime-forensics-*)
make -C "tree/usr/src/$headers" M="$source" CC=gcc modules > make.log 2>&1 ||
  stop "it could not be built for $release: $(grep -m1 -iE 'error' make.log || tail -n1 make.log)"
grep -aq "vermagic=$release " "$source/lime.ko" || stop "what was built is not for $release"
strip --strip-debug "$source/lime.ko"
mv "$source/lime.ko" "$out/$release/lime.ko"
echo "LiME: $(basename "$source" | sed 's/^lime-forensics-//') for $release"
