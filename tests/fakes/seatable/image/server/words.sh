# shellcheck shell=bash
# How this stand-in misbehaves: words of STAND_IN in its environment, and of /shared/stand-in, whose lines begin with the edition they are for, or
# with "all". What words there are stands in stand_in/words.py. Sourced.
edition=$(cat /etc/stand-in-edition)

words() { { echo "all ${STAND_IN-}"; cat /shared/stand-in 2>/dev/null; } | awk -v e="$edition" '$1 == e || $1 == "all" { for (i = 2; i <= NF; i++) print $i }'; }

# word NAME: its value, or NAME itself; fails when it is not said.
word() { words | awk -F= -v n="$1" '$1 == n { v = NF > 1 ? $2 : n } END { print v; exit v == "" }'; }
