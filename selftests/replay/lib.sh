# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables of "check"
# What the scripts here share. $tool is the program to test.

export LC_ALL=C.UTF-8 TZ=Europe/Berlin
# a system call that the tool needs and may not make fails the test
export PORTWATCH_REPORT_CALLS=1
unset NO_COLOR COLUMNS PORTWATCH_DEVICE
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
count=0 failed=0

# result STATUS NAME: one line of KTAP; details come on stdin.
result()
{
	count=$((count + 1))
	if (($1)); then
		failed=$((failed + 1))
		printf 'not ok %d %s\n' "$count" "$2"
		sed 's/^/# /'
	else
		printf 'ok %d %s\n' "$count" "$2"
	fi
}

finish()
{
	printf '1..%d\n' "$count"
	exit $((failed > 0))
}

# case_output NAME STREAM COMMAND...: what the tool prints, then what it says.
case_output()
{
	local name=$1 stream=$2 command=$3

	shift 3
	[[ $name == *.ascii ]] && local -x LC_ALL=C
	"$tool" "$command" --utc --services "$here/services" \
		--input "$here/streams/$stream.pwrec" "$@" 2>&1
	printf 'status %d\n' $?
}
