# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts share that run inside the test VM.

# shellcheck disable=SC2034 # for those who source this
GUEST=$(dirname "${BASH_SOURCE[0]}")

tell()
{
	printf '# %s\n' "$*" >&2
}

# Try a command until it succeeds; it has this many seconds. What it said last is told
# when it does not.
within()
{
	local seconds=$1 end said

	shift
	said=$(mktemp)
	end=$((SECONDS + seconds))
	until "$@" >"$said" 2>&1; do
		if ((SECONDS >= end)); then
			tell "not within $seconds seconds: $*"
			sed 's/^/# /' "$said" >&2
			rm "$said"
			return 1
		fi
		sleep 0.1
	done
	rm "$said"
}

# Is no TCP socket left that could still have an event? What waits in TIME_WAIT, or in
# FIN_WAIT_2 for a peer that is gone, is none: its socket has ended. "-N NAME": in that
# network namespace.
is_quiet()
{
	local left

	left=$(ss -Htno "$@") || return
	! grep -v -e 'timer:(timewait,' -e '^$' <<<"$left"
}
