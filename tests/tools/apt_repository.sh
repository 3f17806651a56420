#!/bin/bash
# A repository as apt reads it, signed with a key that nobody else has.
#
#   apt_repository.sh key HOME                    a key in that new folder, HOME/keyring.gpg for who checks
#   apt_repository.sh make DIR HOME [DEB...]      DIR/dists/stable/main and DIR/pool with these packages, signed
#
# What is in a package file is said by its own fields, so a file may lie: apt_repository.sh takes their word.
# Exit 77: something needed is absent, the reason on stderr.
set -eu

skip() { echo "skip: $*" >&2; exit 77; }
sign() { gpg --homedir "$1" --batch --quiet --yes --pinentry-mode loopback --passphrase '' "${@:2}"; }

make_key() {
	mkdir -m 700 "$1"
	sign "$1" --quick-gen-key 'tests of crossgrade' ed25519 sign never 2>/dev/null
	sign "$1" --export >"$1/keyring.gpg"
	gpgconf --homedir "$1" --kill gpg-agent
}

stanza() { # DIR DEB
	dpkg-deb -f "$2"
	printf 'Filename: %s\nSize: %s\nSHA256: %s\n\n' "${2#"$1"/}" "$(stat -c %s "$2")" "$(sha256sum "$2" | cut -d' ' -f1)"
}

make_repository() {
	local dir home arch deb index sums
	arch=$(dpkg --print-architecture)
	index=main/binary-$arch/Packages
	mkdir -p "$1/pool" "$1/dists/stable/main/binary-$arch"
	dir=$(realpath "$1") home=$(realpath "$2")
	shift 2
	for deb; do cp "$deb" "$dir/pool/"; done
	for deb in "$dir"/pool/*.deb; do
		[ ! -e "$deb" ] || stanza "$dir" "$deb"
	done >"$dir/dists/stable/$index"
	cd "$dir/dists/stable"
	sums=" $(sha256sum "$index" | cut -d' ' -f1) $(stat -c %s "$index") $index"
	printf '%s\n' 'Origin: tests' 'Suite: stable' 'Codename: stable' "Architectures: $arch" 'Components: main' \
		"Date: $(LC_ALL=C date -u +'%a, %d %b %Y %T UTC')" 'SHA256:' "$sums" >Release
	sign "$home" --clearsign --output InRelease Release
	gpgconf --homedir "$home" --kill gpg-agent
}

for tool in gpg dpkg-deb apt-get; do
	command -v $tool >/dev/null || skip "no $tool"
done
case ${1-} in
key) make_key "$2" ;;
make) shift && make_repository "$@" ;;
*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2 ;;
esac
