#!/bin/sh
# A package of a program and a configuration file, without scriptlets but those in the file $SCRIPTLETS.
#
#   rpm_package.sh NAME VERSION OUT.rpm [RPMBUILD-OPTION...]
#
# It is NAME-VERSION-1: /usr/bin/NAME holds VERSION, /etc/NAME.conf "shipped with VERSION", /usr/share/NAME/VERSION nothing.
set -eu
name=$1 version=$2 out=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/usr/bin" "$work/root/etc" "$work/root/usr/share/$name"
printf %s "$version" >"$work/root/usr/bin/$name"
printf 'shipped with %s\n' "$version" >"$work/root/etc/$name.conf"
: >"$work/root/usr/share/$name/$version"
cat >"$work/spec" <<END
Name: $name
Version: $version
Release: 1
Summary: x
License: x
AutoReqProv: no
%define __os_install_post %{nil}
%define _build_id_links none
%description
x
%files
/usr/bin/$name
/usr/share/$name
%config(noreplace) /etc/$name.conf
END
[ -z "${SCRIPTLETS-}" ] || cat "$SCRIPTLETS" >>"$work/spec"
rpmbuild --quiet -bb --define "_topdir $work" --define "_rpmdir $work/out" --buildroot "$work/root" "$@" "$work/spec" >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
cp "$work"/out/*/*.rpm "$out"
