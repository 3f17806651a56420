#!/bin/bash
# Write the shell completions from the program's own help. tools/completions.sh PROGRAM DIRECTORY
# tools/check-manners.sh fails when those in contrib/completion are not what this writes.
set -eu
program=$1 dir=$2
here=$(dirname "$0")
products=$("$here/discover.sh" "$here/../src" list-products | xargs)

verbs() { "$program" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z ]*[a-z]\)  .*/\1/p'; }
about() { "$program" --help | sed -n "/^Verbs:/,/^\$/s/^  $1   *\(.*\)/\1/p"; }
# letter|name|value|help, a line an option
opts() { "$program" $1 --help | sed -nE 's/^  (-([a-z]),|   ) --([a-z0-9-]+)( ([^ ]+))?  +(.*)$/\2~\3~\5~\6/p'; }
first_words() { verbs | cut -d' ' -f1 | uniq; }
second_words() { verbs | sed -n "s/^$1 //p"; }
# file, directory, words or nothing, by the value's name
sort_of() {
	case $1 in
	*'|'*) echo words ;;
	FILE | FACTS) echo file ;;
	DIR) echo directory ;;
	'') echo switch ;;
	*) echo value ;;
	esac
}
all_opts() { { opts ''; verbs | while read -r v; do opts "$v"; done; } | sort -u; }
quote() { printf %s "$1" | sed "s/'/'\\\\''/g"; }

bash_completion() {
	cat <<'TOP'
# bash completion for crossgrade(1), written by tools/completions.sh

_crossgrade() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' word i options
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case "$verb $word" in
TOP
	verbs | while read -r v; do
		case $v in
		*' '*) printf "\t\t'%s') verb='%s' ;;\n" "$v" "$v" ;;
		*) printf "\t\t' %s') verb='%s' ;;\n" "$v" "$v" ;;
		esac
	done
	first_words | while read -r v; do
		if [ -n "$(second_words "$v")" ]; then printf "\t\t' %s') verb='%s' ;;\n" "$v" "$v"; fi
	done
	cat <<'MIDDLE'
		esac
	done
	case $prev in
MIDDLE
	all_opts | while IFS='~' read -r letter name value _; do
		case $(sort_of "$value") in
		words) printf '\t--%s) mapfile -t COMPREPLY < <(compgen -W "%s" -- "$cur"); return ;;\n' "$name" "${value//|/ }" ;;
		file) printf '\t%s--%s) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;\n' "${letter:+-$letter | }" "$name" ;;
		directory) printf '\t--%s) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;\n' "$name" ;;
		value) printf '\t--%s) return ;;\n' "$name" ;;
		esac
	done
	printf '\tesac\n\tcase $verb in\n'
	verbs | while read -r v; do
		printf "\t'%s') options='%s' ;;\n" "$v" "$(opts "$v" | cut -d'~' -f2 | sed 's/^/--/' | xargs)"
	done
	first_words | while read -r v; do
		if [ -n "$(second_words "$v")" ]; then printf "\t'%s') options='%s' ;;\n" "$v" "$(second_words "$v" | xargs)"; fi
	done
	printf "\t*) options='%s' ;;\n\tesac\n" "$(first_words | xargs) $(opts '' | cut -d'~' -f2 | sed 's/^/--/' | xargs)"
	printf "\t[[ \$cur == -* || \$verb == '' || \$verb == backup ]] || { mapfile -t COMPREPLY < <(compgen -f -W \"%s\" -- \"\$cur\"); return; }\n" "$products"
	cat <<'END'
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -o filenames -F _crossgrade crossgrade
END
}

zsh_spec() { # letter name value help
	local text action=''
	text=$(quote "$4" | sed 's/[]:[]/\\&/g')
	case $(sort_of "$3") in
	words) action=":value:(${3//|/ })" ;;
	file) action=':file:_files' ;;
	directory) action=':directory:_files -/' ;;
	value) action=":$3:" ;;
	esac
	printf "\t\t\t'*--%s[%s]%s'\n" "$2" "$text" "$action"
	[ -z "$1" ] || printf "\t\t\t'*-%s[%s]%s'\n" "$1" "$text" "$action"
}

zsh_completion() {
	printf '#compdef crossgrade\n# zsh completion for crossgrade(1), written by tools/completions.sh\n\n_crossgrade() {\n\tlocal -a verbs specs\n\tverbs=(\n'
	first_words | while read -r v; do
		text=$(about "$v")
		printf "\t\t'%s:%s'\n" "$v" "$(quote "${text:-restore points on their own}")"
	done
	printf '\t)\n\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n\t\t_describe verb verbs\n\t\treturn\n\tfi\n'
	first_words | while read -r v; do
		[ -z "$(second_words "$v")" ] ||
			printf '\tif (( CURRENT == 3 )) && [[ $words[2] == %s ]]; then\n\t\tcompadd %s\n\t\treturn\n\tfi\n' "$v" "$(second_words "$v" | xargs)"
	done
	printf '\tcase "$words[2] $words[3]" in\n'
	verbs | sort -r | while read -r v; do
		case $v in *' '*) printf "\t'%s')\n" "$v" ;; *) printf "\t'%s '*)\n" "$v" ;; esac
		printf '\t\tspecs=(\n'
		opts "$v" | while IFS='~' read -r letter name value help; do zsh_spec "$letter" "$name" "$value" "$help"; done
		printf '\t\t)\n\t\t;;\n'
	done
	printf '\t*)\n\t\tspecs=(\n'
	opts '' | while IFS='~' read -r letter name value help; do zsh_spec "$letter" "$name" "$value" "$help"; done
	printf "\t\t)\n\t\t;;\n\tesac\n\t_arguments -s \$specs '*:operand:_files'\n}\n\n_crossgrade \"\$@\"\n"
}

fish_line() { # condition letter name value help
	local action=''
	case $(sort_of "$4") in
	words) action=" -x -a '${4//|/ }'" ;;
	file) action=' -r -F' ;;
	directory) action=" -x -a '(__fish_complete_directories)'" ;;
	value) action=' -x' ;;
	esac
	printf "complete -c crossgrade%s%s -l %s%s -d '%s'\n" "$1" "${2:+ -s $2}" "$3" "$action" "$(quote "$5")"
}

fish_completion() {
	printf '# fish completion for crossgrade(1), written by tools/completions.sh\n\n'
	opts '' | while IFS='~' read -r letter name value help; do fish_line '' "$letter" "$name" "$value" "$help"; done
	first_words | while read -r v; do
		text=$(about "$v")
		printf "complete -c crossgrade -n __fish_use_subcommand -f -a %s -d '%s'\n" "$v" "$(quote "${text:-restore points on their own}")"
		for second in $(second_words "$v"); do
			printf "complete -c crossgrade -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from %s' -f -a %s -d '%s'\n" \
				"$v" "$(second_words "$v" | xargs)" "$second" "$(quote "$(about "$v $second")")"
		done
	done
	verbs | while read -r v; do
		opts "$v" | while IFS='~' read -r letter name value help; do
			opts '' | grep -q "~$name~" ||
				fish_line " -n '__fish_seen_subcommand_from ${v##* }'" "$letter" "$name" "$value" "$help"
		done
	done
}

mkdir -p "$dir"
bash_completion >"$dir/crossgrade.bash"
zsh_completion >"$dir/_crossgrade"
fish_completion >"$dir/crossgrade.fish"
