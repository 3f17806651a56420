#!/bin/bash
# SFTPGo as an RPM package, made as the vendor makes his: same paths, configuration file, unit and scriptlets.
#
#   sftpgo_rpm.sh VERSION OUT.rpm|DIR [PROGRAM [PACKAGE-VERSION]]
#   sftpgo_rpm.sh base OUT.rpm          what stands for the rest of a distribution where Debian's rpm knows none: /bin/sh
#
# In a DIR it gets the vendor's name, sftpgo-VERSION-1.ARCH.rpm. PROGRAM stands in for the server, PACKAGE-VERSION for
# VERSION-1. The scriptlets and the unit are those of the release itself; packed quickly, not small.
# Exit 77: something needed is absent, the reason on stderr.
set -u
# shellcheck source=tests/real/sftpgo_build.sh
. "$(dirname "$0")/sftpgo_build.sh"

spec() { # name version release
	cat <<-END
		Name: $1
		Version: $2
		Release: $3
		Summary: Full-featured and highly configurable SFTP server
		License: AGPL-3.0
		Vendor: SFTPGo
		URL: https://github.com/drakkan/sftpgo
		AutoReqProv: no
		%define _binary_payload w1.gzdio
		%define __os_install_post %{nil}
		%define debug_package %{nil}
		%define _build_id_links none
	END
}

server() { # build version release
	spec sftpgo "$2" "$3"
	cat <<-END
		%description
		SFTPGo has optional HTTP, FTP/S and WebDAV support.
		%files
		/usr/bin/sftpgo
		/usr/share/bash-completion/completions/sftpgo
		/usr/share/man/man1/*
		/usr/share/sftpgo
		/usr/share/licenses/sftpgo
		/lib/systemd/system/sftpgo.service
		%dir /etc/sftpgo/env.d
		%config(noreplace) /etc/sftpgo/sftpgo.json
		%dir /srv/sftpgo
		%dir /var/lib/sftpgo
	END
	printf '%%post\n' && cat "$1/pkgs/scripts/rpm/postinstall"
	printf '%%preun\n' && cat "$1/pkgs/scripts/rpm/preremove"
	printf '%%postun\n' && cat "$1/pkgs/scripts/rpm/postremove"
}

base() {
	spec base 1 1
	printf '%s\n' 'Provides: /bin/sh' '%description' 'Stands for a distribution.' '%files'
}

package() { # work out
	rpmbuild --quiet -bb --define "_topdir $1" --define "_rpmdir $1/out" --buildroot "$1/root" "$1/spec" >"$1/log" 2>&1 ||
		{ tail -n 10 "$1/log" >&2; return 1; }
	cp "$1"/out/*/*.rpm "$2" && echo "$2"
}

[ $# -ge 2 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2; }
command -v rpmbuild >/dev/null || sftpgo_skip "no rpmbuild"
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
if [ "$1" = base ]; then
	base >"$work/spec" && package "$work" "$2"
	exit
fi
built=$(sftpgo_build "$1") || exit
version=${4:-$1-1} out=$2
[ ! -d "$out" ] || out=$out/sftpgo-$version.$(uname -m).rpm
sftpgo_tree "$built" "$work/root" "${3:-$built/sftpgo}" && server "$built" "${version%-*}" "${version##*-}" >"$work/spec" &&
	package "$work" "$out"
