#!/bin/bash
# Run a cmocka program for a reader of TAP: before 1.1.6 cmocka writes "not ok N # SKIP" for a test that skips itself, and that
# counts as a failure.
set -o pipefail
"$@" | sed -u 's/^not ok \([0-9]* # SKIP\)/ok \1/'
