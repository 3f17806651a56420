#!/bin/bash
# End to end with real servers, of QuestDB where nothing else is said.
#
#   run.sh real                   plain processes and scripts, suspended and stopped, editions with a stand-in, ways back, kills: what tools/test.sh runs
#   run.sh systemd                a unit of a booted systemd; machines that start again in the middle, with a stand-in
#   run.sh containers             QuestDB and SFTPGo in Docker and Compose
#   run.sh sftpgo                 SFTPGo: its real servers by themselves, then moved
#   run.sh seatable               SeaTable's Compose project, its server's image a stand-in: by itself, then switched
#   run.sh FILE.bats...           these
#
# CROSSGRADE_BUILD names the build directory; with WHOLE set all is tried of what SEED draws one of. Ends with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")" || exit 2

case ${1-} in
real) set -- process.bats script.bats states.bats enterprise.bats backup.bats points.bats kills.bats ;;
systemd) set -- boot.bats systemd.bats sftpgo_systemd.bats sftpgo_packages.bats sftpgo_rpm.bats ;;
containers) set -- containers.bats ;;
seatable) set -- seatable.bats seatable_switch.bats ;;
sftpgo) set -- sftpgo_events.bats sftpgo_real.bats sftpgo_formats.bats sftpgo.bats sftpgo_bolt.bats sftpgo_databases.bats sftpgo_enterprise.bats ;;
*.bats) ;;
*) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2 ;;
esac
export CROSSGRADE_BUILD=${CROSSGRADE_BUILD:-$PWD/../../build/gcc}
export CROSSGRADE_LIBEXEC=$CROSSGRADE_BUILD/src/exec
export SEED=${SEED:-1} NO_COLOR=1
[ -x "$CROSSGRADE_BUILD/src/cli/crossgrade" ] || { echo "no crossgrade in $CROSSGRADE_BUILD" >&2; exit 2; }

# What bats runs inherits descriptor 3; a server that crossgrade starts would keep it, and the pipe, open.
out=$(mktemp)
trap 'rm -f "$out"' EXIT
bats --tap --timing "$@" >"$out" 2>&1 </dev/null
status=$?
cat "$out"
awk '/^ok .*# skip/ { s++; next } /^ok / { p++ } /^not ok / { f++ } END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$out"
exit $status
