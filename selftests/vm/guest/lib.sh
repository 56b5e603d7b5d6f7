# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts share that run inside the test VM.

# shellcheck disable=SC2034 # for those who source this
GUEST=$(dirname "${BASH_SOURCE[0]}")

tell()
{
	printf '# %s\n' "$*" >&2
}

# Try a command until it succeeds; it has this many seconds.
within()
{
	local seconds=$1 end

	shift
	end=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		if ((SECONDS >= end)); then
			tell "not within $seconds seconds: $*"
			return 1
		fi
		sleep 0.1
	done
}
