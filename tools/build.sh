# shellcheck shell=bash
# Sourced by the scripts here: build directories, configured once, below $BUILD; what building them said in $LOGS.
#   build DIRECTORY [MESON-OPTION...]
#   build_fault                            with fault points: what tests/crash strikes, nothing else

# A fifth of a build is linking test programs; binutils' other linker takes a third of that.
! command -v ld.gold >/dev/null || export CC_LD=${CC_LD:-gold}

build() { build_of "" "$@"; }

build_of() { # "TARGET..." DIRECTORY [MESON-OPTION...]
	local targets=$1 dir=$2 log
	log=$LOGS/build-$(basename "$dir").log
	shift 2
	[ -f "$dir/build.ninja" ] || meson setup "$dir" "$@" >"$log" 2>&1 || { tail -n 20 "$log"; return 1; }
	# shellcheck disable=SC2086
	ninja -C "$dir" $targets >"$log" 2>&1 || { grep -E 'error|warning' "$log" | head -n 20; return 1; }
}

# Test programs are half of a build; to optimise the rest takes longer than it saves.
build_fault() {
	build_of "src/cli/crossgrade src/exec/crossgrade-exec tests/fakes/docker-client tests/fakes/questdb-double tests/fakes/sftpgo-double tests/tools/tree-oracle tests/tools/short-io.so" \
		"$BUILD/fault" -Dfault=true -Dtests=true -Doptimization=0
}
