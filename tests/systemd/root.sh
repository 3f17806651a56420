#!/bin/sh
# root.sh [PACKAGE...] - a small Debian with systemd, the libraries crossgrade is linked with and these packages; prints its folder.
#
# Made once with mmdebstrap (half a minute) and kept below CROSSGRADE_TEST_CACHE; boot.sh never writes into it.
# Exit 77: it cannot be made here, and why.
set -eu

cache=${CROSSGRADE_TEST_CACHE:-/var/cache/crossgrade-tests}
packages=systemd,systemd-sysv,dbus,procps,iproute2,nftables,libcap2-bin,libsodium23,dpkg-repack
packages=$packages,libjansson4,libfyaml0,libsqlite3-0,libssl3,libcurl4,libarchive13,libxxhash0,libcmocka0,libasan8,libubsan1
for more; do
	packages=$packages,$more
done
root=$cache/root-$(printf %s "$packages" | sha256sum | cut -c1-12)

skip()
{
	echo "skip: $*" >&2
	exit 77
}

# In memory if there is room; what is in the way there may not be on the disk. mmdebstrap has sh write to a pipe by its number, and
# Debian's sh knows no descriptor above 9: those of whoever calls us, bats' and the lock, are not handed on.
unpack_in() # FOLDER
{
	tar=$(mktemp -p "$1" crossgrade-root.XXXXXX) || return
	trap 'rm -f "$tar" "$cache/log"' EXIT
	rm -rf "$root"
	TMPDIR=$1 mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" \
		--aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$tar" >"$cache/log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &&
		mkdir "$root" && tar -C "$root" --numeric-owner -xf "$tar" && touch "$root/.whole" && return
	rm -f "$tar"
	cat "$cache/log" >&2
	return 1
}

if [ -e "$root/.whole" ]; then
	echo "$root"
	exit 0
fi
[ "$(id -u)" = 0 ] || skip "making a root tree needs root"
command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed"
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -e "$root/.whole" ]; then
	unpack_in /dev/shm || unpack_in "$cache" || skip "mmdebstrap made no root tree: $(grep '^E:' "$cache/log" | head -n 1)"
fi
echo "$root"
