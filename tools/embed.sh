#!/bin/sh
# Write a file as a C text: embed.sh NAME IN OUT makes `const char NAME[]`, ended by a NUL.
set -eu
{
	printf '/* Written by tools/embed.sh from %s. */\n' "${2##*/}"
	printf 'extern const char %s[];\nconst char %s[] = {\n' "$1" "$1"
	od -An -v -tx1 "$2" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	printf '0x00 };\n'
} >"$3"
