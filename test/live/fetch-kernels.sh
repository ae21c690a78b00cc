#!/bin/bash
# Fetch Debian's kernels for the guests of `npm run test:guest`, as far as the machine's own mirror has them:
#   fetch-kernels.sh FOLDER [SERIES...]       SERIES default: 5.10 6.1 6.12 6.18 7.2
# makes FOLDER/RELEASE/{vmlinuz,config,virtio_mem.ko} of the cloud kernels of amd64. ARCH=arm64, riscv64, s390x, ppc64el, i386 or armhf fetches the
# kernels of that architecture instead, and FOLDER/programs-ARCH with what the init of its guests needs.
# SUITES names the suites to look in. A private apt configuration is made from the machine's own sources; its apt state
# is read for the address of the mirror and never written. TRUST=1 accepts suites whose keys are not installed.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
arch=${ARCH:-amd64}
case $arch in
  amd64) flavours=cloud-amd64 ;;
  arm64) flavours='arm64(-16k)?' ;;
  ppc64el) flavours='powerpc64le(-64k)?' ;;
  i386) flavours='686(-pae)?' ;;
  armhf) flavours='armmp(-lpae)?' ;;
  *) flavours=$arch ;;
esac
suites=${SUITES:-bullseye bookworm bookworm-backports trixie trixie-backports forky sid bullseye-security bookworm-security trixie-security}
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
series=("$@")
[ ${#series[@]} -gt 0 ] || series=(5.10 6.1 6.12 6.18 7.2)
sources=${SOURCES:-/etc/apt}
state=$out/.apt-$arch
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
  for suite in $suites; do
    case $suite in
      *-security) [ -z "$security" ] || echo "deb $trust $security $suite main" ;;
      *) echo "deb $trust $mirror $suite main" ;;
    esac
  done
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
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
APT::Sandbox::User "root";
APT::Update::Post-Invoke-Success "";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Check-Valid-Until "false";
CONF
export APT_CONFIG=$state/apt.conf
# suites that the mirror does not have, or has no key for, are left out
apt-get -q update > "$state/update.log" 2>&1 || true

# unpacks packages below a folder
unpack() {
  local into=$1 debs
  shift
  debs=$(mktemp -d "$state/debs.XXXXXX")
  (cd "$debs" && for package in "$@"; do apt-get -q download "$package" > /dev/null || return 1; done) || return 1
  for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$into"; done
  rm -rf "$debs"
}

# The kernels of a series: one package until 6.18; newer ones have the image and its configuration in two. The newest of each
# flavour.
for wanted in "${series[@]}"; do
  packages=$(apt-cache pkgnames |
    grep -E "^linux-(image|binary|binary-unsigned)-${wanted//./\\.}[.+-][^-]*(-[0-9][^-]*)?-($flavours)(-unsigned)?$" |
    sort -V | while read -r name; do
      size=$(apt-cache show "$name" 2> /dev/null | sed -n 's/^Size: //p' | head -n1)
      if [ "${size:-0}" -gt 1000000 ]; then echo "$name"; fi
    done | awk '{ flavour = $0; sub(/^linux-[a-z-]*[0-9][^-]*(-[0-9][^-]*)?-/, "", flavour); sub(/-unsigned$/, "", flavour); newest[flavour] = $0 } END { for (f in newest) print newest[f] }')
  [ -n "$packages" ] || { echo "$wanted: in no suite that can be reached"; continue; }
  for package in $packages; do
    release=$(echo "$package" | sed -E 's/^linux-(image|binary-unsigned|binary)-//; s/-unsigned$//')
    if [ -e "$out/$release/vmlinuz" ] && { [ "$arch" != amd64 ] || [ -e "$out/$release/virtio_mem.ko" ]; }; then echo "$wanted: $release is there"; continue; fi
    tree=$(mktemp -d "$state/tree.XXXXXX")
    unpack "$tree" "$package" || { echo "$wanted: $package could not be fetched"; continue; }
    unpack "$tree" "linux-base-$release" 2> /dev/null || true
    # the driver of memory that comes and goes; its package is another since 7.0, and it is compressed since 6.12
    if [ "$arch" = amd64 ]; then unpack "$tree" "linux-modules-$release" 2> /dev/null || true; fi
    mkdir -p "$out/$release"
    find "$tree" -name 'vmlinu[xz]*' -type f -exec cp {} "$out/$release/vmlinuz" \;
    find "$tree" -name 'config*' -path '*/boot/*' -type f -exec cp {} "$out/$release/config" \;
    find "$tree" -name 'virtio_mem.ko*' -exec cp {} "$out/$release/" \;
    if [ -e "$out/$release/virtio_mem.ko.xz" ]; then xz -df "$out/$release/virtio_mem.ko.xz"; fi
    rm -rf "$tree"
    echo "$wanted: $release"
  done
done

if [ "$arch" != amd64 ] && [ ! -e "$out/programs-$arch" ]; then
  tree=$(mktemp -d "$state/tree.XXXXXX")
  if unpack "$tree" perl-base libc6 libcrypt1; then mv "$tree" "$out/programs-$arch"; else echo "no perl-base for $arch"; fi
fi
