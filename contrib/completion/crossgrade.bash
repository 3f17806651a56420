# bash completion for crossgrade(1), written by tools/completions.sh

_crossgrade() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' word i options
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case "$verb $word" in
		' init') verb='init' ;;
		' inspect') verb='inspect' ;;
		' check') verb='check' ;;
		' plan') verb='plan' ;;
		'backup create') verb='backup create' ;;
		'backup list') verb='backup list' ;;
		'backup show') verb='backup show' ;;
		'backup prove') verb='backup prove' ;;
		'backup restore') verb='backup restore' ;;
		'backup prune') verb='backup prune' ;;
		' apply') verb='apply' ;;
		' status') verb='status' ;;
		' resume') verb='resume' ;;
		' rollback') verb='rollback' ;;
		' verify') verb='verify' ;;
		' finalize') verb='finalize' ;;
		' report') verb='report' ;;
		' convert') verb='convert' ;;
		' explain') verb='explain' ;;
		' backup') verb='backup' ;;
		esac
	done
	case $prev in
	-f | --file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	-o | --out) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--accept-loss) return ;;
	--accept) return ;;
	--admin-password-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--admin-user) return ;;
	--against) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--artifact) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur"); return ;;
	--from-version) return ;;
	--from) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--gate) mapfile -t COMPREPLY < <(compgen -W "verify none" -- "$cur"); return ;;
	--install) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--io-limit) return ;;
	--make-password) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--name) return ;;
	--output) mapfile -t COMPREPLY < <(compgen -W "text json jsonl" -- "$cur"); return ;;
	--password-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--proof-within) return ;;
	--proof) mapfile -t COMPREPLY < <(compgen -W "auto F1 F2 F3" -- "$cur"); return ;;
	--report) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--restore-point-kind) mapfile -t COMPREPLY < <(compgen -W "tree snapshot external none" -- "$cur"); return ;;
	--root) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--save-new-writes) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--save) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--service-kind) mapfile -t COMPREPLY < <(compgen -W "systemd process command compose container" -- "$cur"); return ;;
	--settled) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--sha256) return ;;
	--state-dir) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--store) return ;;
	--timeout) return ;;
	--to-edition) return ;;
	--to-version) return ;;
	--unit) return ;;
	--user) return ;;
	esac
	case $verb in
	'init') options='--out --make-password --file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'inspect') options='--save --deep --file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'check') options='--accept --deep --file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'plan') options='--out --detailed-exitcode --file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'backup create') options='--file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'backup list') options='--file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'backup show') options='--file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'backup prove') options='--file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'backup restore') options='--accept-loss --accept-in-place-restore --file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'backup prune') options='--file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'apply') options='--hold --accept --accept-loss --accept-no-backup --accept-no-return --accept-open --accept-in-place-restore --file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'status') options='--state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'resume') options='--unattended --accept --accept-loss --accept-open --accept-in-place-restore --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'rollback') options='--restore-data --save-new-writes --accept-loss --accept-in-place-restore --force --prove --from --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'verify') options='--against --deep --file --name --root --install --service-kind --unit --user --password-file --to-edition --to-version --artifact --sha256 --restore-point-kind --gate --proof --proof-within --admin-user --admin-password-file --probe-account --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'finalize') options='--with-restore-point --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'report') options='--state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'convert') options='--out --from-version --report --strict --accept --settled --detailed-exitcode --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'explain') options='--state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	'backup') options='create list show prove restore prune' ;;
	*) options='init inspect check plan backup apply status resume rollback verify finalize report convert explain --state-dir --store --output --yes --quiet --verbose --color --no-progress --io-limit --timeout --version --help' ;;
	esac
	[[ $cur == -* || $verb == '' || $verb == backup ]] || { mapfile -t COMPREPLY < <(compgen -f -W "questdb seatable sftpgo" -- "$cur"); return; }
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
}
complete -o filenames -F _crossgrade crossgrade
