#!/bin/bash
# SFTPGo as a Debian package, made as the vendor makes his: same paths, conffile, unit and maintainer scripts.
#
#   sftpgo_deb.sh VERSION OUT.deb|DIR [PROGRAM [PACKAGE-VERSION]]
#
# In a DIR it gets the vendor's name, sftpgo_VERSION-1_amd64.deb. PROGRAM stands in for the server, PACKAGE-VERSION for
# VERSION-1. The scripts and the unit are those of the release itself; packed quickly, not small. Nothing of plugins: those
# are a package of their own.
# Exit 77: something needed is absent, the reason on stderr.
set -u
# shellcheck source=tests/real/sftpgo_build.sh
. "$(dirname "$0")/sftpgo_build.sh"

control() { # build root version
	local debian=$2/DEBIAN
	mkdir "$debian" && echo /etc/sftpgo/sftpgo.json >"$debian/conffiles" || return
	cat >"$debian/control" <<-END
		Package: sftpgo
		Version: $3
		Section: net
		Priority: optional
		Architecture: $(dpkg --print-architecture)
		Maintainer: Nicola Murino <nicola.murino@gmail.com>
		Vendor: SFTPGo
		Installed-Size: $(du -sk --exclude=DEBIAN "$2" | cut -f 1)
		Provides: sftpgo
		Recommends: bash-completion, mime-support
		Homepage: https://github.com/drakkan/sftpgo
		Description: Full-featured and highly configurable SFTP server
		 SFTPGo has optional HTTP, FTP/S and WebDAV support.
		 It can serve local filesystem, S3 (Compatible) Object Storage,
		 Google Cloud Storage, Azure Blob Storage, SFTP.
	END
	cp "$1/pkgs/scripts/deb/postinstall.sh" "$debian/postinst" && cp "$1/pkgs/scripts/deb/preremove.sh" "$debian/prerm" &&
		cp "$1/pkgs/scripts/deb/postremove.sh" "$debian/postrm" && chmod 755 "$debian"/{postinst,prerm,postrm} || return
	(cd "$2" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
}

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
command -v dpkg-deb >/dev/null || sftpgo_skip "no dpkg-deb"
built=$(sftpgo_build "$1") || exit
version=${4:-$1-1} out=$2
[ ! -d "$out" ] || out=$out/sftpgo_${version}_$(dpkg --print-architecture).deb
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
sftpgo_tree "$built" "$work/root" "${3:-$built/sftpgo}" && control "$built" "$work/root" "$version" &&
	dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/root" "$out" >/dev/null && echo "$out"
