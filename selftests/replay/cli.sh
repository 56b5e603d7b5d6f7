# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables of "check"
# The command line: each exit status, and one line on stderr for each error.

web=$here/streams/web.pwrec

# fails STATUS PATTERN ARGUMENT...: ends so, and says so, in one line.
fails()
{
	local want=$1 pattern=$2 status

	shift 2
	"$tool" "$@" > "$work/out" 2> "$work/err" < /dev/null
	status=$?
	{
		printf 'status %d, not %d\n' $status "$want"
		cat "$work/err"
	} > "$work/log"
	((status == want)) && (($(wc -l < "$work/err") == 1)) &&
		grep -q "^portwatch: .*$pattern" "$work/err"
	result $? "status $want: $*" < "$work/log"
}

# works ARGUMENT...: ends well, and prints something.
works()
{
	"$tool" "$@" > "$work/out" 2> "$work/err" && [[ -s $work/out ]]
	result $? "status 0: $*" < "$work/err"
}

none=$work/none
works --help
works help
works --version
for command in tail ports status; do
	works $command --help
	# the module is not there
	fails 3 "no $none: .*modprobe portwatch" $command --device "$none"
	# a device of another kind
	fails 3 'another version' $command --device /dev/null
	fails 2 '--nonsense is not an option.*--help' $command --nonsense
	fails 2 '-Z is not an option' $command -Z
	fails 2 'takes no argument' $command --utc=1
	fails 2 'needs an argument' $command --device
done
works who --help
fails 3 "no $none: .*modprobe portwatch" who --device "$none" 80
fails 2 '--nonsense is not an option.*--help' who --nonsense 80
fails 3 "no $none" --device "$none"
fails 2 'no event is called "nonsense"' --events bind,nonsense
fails 2 'no event is called ""' --events ''
fails 2 '--count 0: not a number' --count 0
fails 2 '--count x' --count x
fails 2 '--count 1x' -c 1x
fails 2 '--count 99999999999999999999' -c 99999999999999999999
fails 2 '--duration -1' --duration=-1
fails 2 '--duration 1h' --duration 1h
fails 2 '--color sometimes' --color sometimes
fails 2 '--width 3' --width 3
fails 2 '--slots 100: not a power' --slots 100
fails 2 'exclude each other' --json --csv
fails 2 '--count and --overwrite exclude each other' --overwrite --count 3
fails 2 '--overwrite 0: not a number' --overwrite=0
fails 2 '--overwrite 16777217: not a number' --overwrite=16777217
fails 2 '--overwrite is not an option' read --overwrite "$web"
fails 2 '--watch: .*portwatch --json' ports --watch --json
fails 2 '--watch: a recording' ports --watch --input "$web"
fails 2 'status takes no filter' status port 80
fails 2 'who: which port.*try: portwatch who 80' who
fails 2 'who: one port at a time' who 80 81
fails 2 '"0" is no port' who 0
fails 2 '"65536" is no port' who tcp/65536
fails 2 '"" is no port' who udp/
fails 2 '"80x" is no port' who 80x
fails 2 '"no-such-service" is no port' who no-such-service
fails 2 'no protocol is called "ip"' who ip/80
fails 2 'no protocol is called ""' who /80
fails 2 '"" is no address' who 80@
fails 2 '"127.0.0.256" is no address' who tcp/80@127.0.0.256
fails 2 '"\[::1" is no address' who '80@[::1'
fails 2 'x1b.31m' who $'\033[31m'
fails 2 'end what --watch begins' who --count 1 80
fails 2 'end what --watch begins' who --duration 1 80
works who --input "$web" 9
works who --input "$web" 'tcp/22@[::ffff:192.0.2.10]'
works who --input "$web" --watch --duration 1 tcp/22@192.0.2.10
fails 2 'stands before its options; try: portwatch ports' --json ports
fails 2 'try: portwatch tail --help' port x80
fails 2 'try: portwatch tail --help' 'port 80 and ('
fails 2 'x1b.31m' $'\033[31m'
fails 2 'x1b.31m' --events $'\033[31m'
fails 2 'not a recording of portwatch' --input /etc/passwd
fails 2 'not a recording of portwatch' --input /dev/null
fails 2 'standard input: not a recording' --input -
fails 4 'no such file' --input "$none"
fails 4 'Is a directory' --input /

# who does what of a filter: nobody is asked for it
explains()
{
	"$tool" tail --device "$none" --explain "${@:3}" > "$work/out" 2> "$work/err" &&
		[[ ! -s $work/err ]] && grep -qxF "kernel: $1" "$work/out" &&
		grep -qxF "tool:   $2" "$work/out" && (($(wc -l < "$work/out") == 3))
	result $? "explained: ${*:3}" < "$work/out"
}

explains 'proto tcp and port 80' nothing proto tcp and port 80
explains 'port 80' 'comm nginx' comm nginx and port 80
explains nothing 'comm nginx, port 80' comm nginx or port 80
explains nothing 'comm \x1b[31m' comm $'\033[31m'
explains 'event bind,listen' 'exposure any' exposure any
works tail --explain
works --explain --input "$web" port 80
grep -q 'No kernel is asked' "$work/out"
result $? 'explained: a recording'
works --explain --no-kernel-filter port 80
grep -q 'No kernel is asked' "$work/out"
result $? 'explained: without the kernel'
fails 2 'try: portwatch tail --help' tail --explain port x80
fails 2 '--explain is not an option' ports --explain
fails 2 '--no-kernel-filter is not an option' ports --no-kernel-filter

# damaged streams: what comes before the damage is printed
head -c 3000 "$web" > "$work/cut.pwrec"
works --input "$work/cut.pwrec"
{ head -c 2048 "$web"; head -c 128 /dev/zero; tail -c +2177 "$web"; } > "$work/hole.pwrec"
"$tool" --input "$work/hole.pwrec" > "$work/out" 2> "$work/err"
(($? == 4)) && [[ -s $work/out ]] &&
	grep -q 'hole.pwrec: damaged; what stands before' "$work/err"
result $? 'status 4: a damaged recording, read up to there' < "$work/err"

# loss
works --input "$here/streams/lost.pwrec"
"$tool" --strict --input "$here/streams/lost.pwrec" > /dev/null 2> "$work/err"
(($? == 1)) && grep -q 'lost 4803$' "$work/err"
result $? 'status 1: --strict after a loss' < "$work/err"
works --strict --input "$web"

# output
for arguments in "--input $web" "--json --input $web" "read $web" \
		"record --input $web -" "--explain port 80" "ports --input $web" "who --input $web 9" "--help" \
		"--version"; do
	# shellcheck disable=SC2086
	"$tool" $arguments > /dev/full 2> "$work/err"
	(($? == 4)) && grep -q '^portwatch: standard output: no space left' "$work/err"
	result $? "status 4: $arguments > /dev/full" < "$work/err"
	# shellcheck disable=SC2086
	"$tool" $arguments >&- 2> "$work/err"
	(($? == 4)) && grep -q '^portwatch: standard output: ' "$work/err"
	result $? "status 4: $arguments >&-" < "$work/err"
done
exec 9> >(:)
wait $!
"$tool" --input "$web" >&9 2> "$work/err" && [[ ! -s $work/err ]]
result $? 'status 0, and not a word: nobody reads on' < "$work/err"
exec 9>&-

# the last line adds up
"$tool" --events bind,connect --input "$web" proto tcp > /dev/null 2> "$work/err"
awk '{ gsub(",", ""); bad = $3 != $5 + $7 + $9 || $5 == 0 || $7 == 0 }
     END { exit bad || NR != 1 }' "$work/err"
result $? 'seen = printed + filtered + lost' < "$work/err"
