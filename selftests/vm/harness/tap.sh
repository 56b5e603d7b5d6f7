# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# TAP for the tests of the test harness, which are shell scripts.

HARNESS=$(dirname "${BASH_SOURCE[0]}")
TOP=$(cd "$HARNESS/../../.." && pwd)
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
tap_number=0 tap_failures=0
export TOP

# result NAME COMMAND...: the command's status is the result
result()
{
	local name=$1 status=0

	shift
	"$@" >"$SCRATCH/said" 2>&1 || status=$?
	tap_number=$((tap_number + 1))
	if ((status == 0)); then
		echo "ok $tap_number harness: $name"
		return
	fi
	while read -r line; do
		echo "#   $line"
	done <"$SCRATCH/said"
	echo "not ok $tap_number harness: $name"
	tap_failures=$((tap_failures + 1))
}

# ends_with STATUS COMMAND...: does the command end so?
ends_with()
{
	local wanted=$1 status=0

	shift
	"$@" || status=$?
	((status == wanted)) || echo "status $status instead of $wanted: $*"
	((status == wanted))
}

done_testing()
{
	echo "1..$tap_number"
	exit "$((tap_failures != 0))"
}
