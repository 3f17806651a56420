#!/bin/bash
# Build the .deb from a copy of the tree, look into it, and ask the packaged program what it is: no fault points, every file there. The
# compiler takes its time to optimise, and nothing here is about that.
set -u
cd "$(dirname "$0")/.." || exit 2
. tools/need.sh
passed=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

expect() { # name command...
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 15 "$work/out"
		failed=$((failed + 1))
	fi
}

build_deb() {
	mkdir "$work/crossgrade" && git ls-files -z | xargs -0 cp --parents -t "$work/crossgrade" &&
		(cd "$work/crossgrade" && DEB_BUILD_OPTIONS='parallel=2 noautodbgsym noopt' dpkg-buildpackage -us -uc -b)
}
unpack_deb() { dpkg-deb -x "$work"/crossgrade_*.deb "$work/root"; }
holds() {
	local f
	for f in usr/bin/crossgrade usr/libexec/crossgrade-exec lib/systemd/system/crossgrade-resume.service \
		usr/share/man/man1/crossgrade.1.gz usr/share/man/man5/crossgrade-migration.5.gz \
		usr/share/crossgrade/schema/plan.schema.json usr/share/bash-completion/completions/crossgrade \
		usr/share/zsh/site-functions/_crossgrade usr/share/fish/vendor_completions.d/crossgrade.fish; do
		[ -e "$work/root/$f" ] || [ -e "$work/root/usr/$f" ] || { echo "missing: $f"; return 1; }
	done
}
no_faults() { [ -s "$work/root/usr/bin/crossgrade" ] && ! grep -q CROSSGRADE_FAULT "$work/root/usr/bin/crossgrade"; }
answers() { CROSSGRADE_LIBEXEC=$work/root/usr/libexec "$work/root/usr/bin/crossgrade" --version | grep -q '^crossgrade 0'; }

if ! need_packages build package; then
	echo "skip: packages for building a .deb are not to be had"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
expect build build_deb
expect unpack unpack_deb
expect contents holds
expect no-fault-points no_faults
expect answers answers
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
