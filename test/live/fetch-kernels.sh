#!/bin/bash
# Fetch Debian's cloud kernels for the guests of `npm run test:guest`, as far as the machine's own mirror has them:
#   fetch-kernels.sh FOLDER [SERIES...]       SERIES default: 5.10 6.1 6.12 6.18 7.2
# makes FOLDER/RELEASE/{vmlinuz,config}. A private apt configuration is made from the machine's own sources; its apt state
# is read for the address of the mirror and never written. TRUST=1 accepts suites whose keys are not installed.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
series=("$@")
[ ${#series[@]} -gt 0 ] || series=(5.10 6.1 6.12 6.18 7.2)
sources=${SOURCES:-/etc/apt}
state=$out/.apt
trust=
[ "${TRUST:-0}" != 1 ] || trust='[trusted=yes]'

uris() {
  find "$sources" -name '*.sources' -exec sed -nE 's/^URIs:[[:space:]]*//p' {} + | tr ' ' '\n'
  find "$sources" -name '*.list' -exec sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' {} +
}
mirror=$(uris | sed 's,/*$,,' | grep -E '/debian$' | head -n1) || true
security=$(uris | sed 's,/*$,,' | grep -E '/debian-security$' | head -n1) || true
[ -n "$mirror" ] || { echo "no Debian mirror in $sources" >&2; exit 1; }

mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/etc/apt.conf.d" "$state/etc/none"
{
  for suite in bullseye bookworm bookworm-backports trixie trixie-backports forky sid; do
    echo "deb $trust $mirror $suite main"
  done
  if [ -n "$security" ]; then
    for suite in bullseye-security bookworm-security trixie-security; do echo "deb $trust $security $suite main"; done
  fi
} > "$state/etc/sources.list"
: > "$state/status"
cat > "$state/apt.conf" <<CONF
Dir::Etc "$state/etc";
Dir::Etc::SourceList "$state/etc/sources.list";
Dir::Etc::SourceParts "$state/etc/none";
Dir::Etc::Preferences "$state/etc/none";
Dir::Etc::PreferencesParts "$state/etc/none";
Dir::Etc::Trusted "/etc/apt/trusted.gpg";
Dir::Etc::TrustedParts "/usr/share/keyrings";
Dir::State "$state";
Dir::State::Lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
APT::Update::Post-Invoke-Success "";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Check-Valid-Until "false";
CONF
export APT_CONFIG=$state/apt.conf
# suites that the mirror does not have, or has no key for, are left out
apt-get -q update > "$state/update.log" 2>&1 || true

# one package until 6.18; newer kernels have the image and its configuration in two
for wanted in "${series[@]}"; do
  package=$(apt-cache pkgnames | grep -E "^linux-(image|binary|binary-unsigned)-${wanted//./\\.}[.+-].*-cloud-amd64(-unsigned)?$" |
    grep -v -e '-rt-' -e dbg | sort -V | while read -r name; do
      size=$(apt-cache show "$name" 2> /dev/null | sed -n 's/^Size: //p' | head -n1)
      if [ "${size:-0}" -gt 1000000 ]; then echo "$name"; fi
    done | tail -n1)
  [ -n "$package" ] || { echo "$wanted: in no suite that can be reached"; continue; }
  release=$(echo "$package" | sed -E 's/^linux-(image|binary-unsigned|binary)-//; s/-unsigned$//')
  if [ -e "$out/$release/vmlinuz" ]; then echo "$wanted: $release is there"; continue; fi
  debs=$(mktemp -d "$state/debs.XXXXXX")
  (cd "$debs" && apt-get -q download "$package" > /dev/null) || { echo "$wanted: $package could not be fetched"; continue; }
  (cd "$debs" && apt-get -q download "linux-base-$release" > /dev/null 2>&1) || true
  for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$debs/tree"; done
  mkdir -p "$out/$release"
  find "$debs/tree" -name 'vmlinuz*' -type f -exec cp {} "$out/$release/vmlinuz" \;
  find "$debs/tree" -name 'config*' -path '*/boot/*' -type f -exec cp {} "$out/$release/config" \;
  rm -rf "$debs"
  echo "$wanted: $release"
done
