# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every script here shares: where things are, and how progress is told.

PW_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PW_BUILD=$PW_TOP/build/vm
PW_RELEASE=${PW_RELEASE:-bookworm}
PW_FLAVOUR=${PW_FLAVOUR:-}	# of the kernel: Debian's "rt", or the plain one
PW_VARIANT=${PW_VARIANT:-}	# of the root: more in it (vm-variant), or the plain one
case $PW_FLAVOUR in
debug | kcsan) PW_VARIANT=debug ;;	# built there (vm-debug-kernel)
esac
PW_ROOT=$PW_BUILD/$PW_RELEASE${PW_VARIANT:+-$PW_VARIANT}
# shellcheck disable=SC2034 # for those who source this
PW_VM=$PW_ROOT${PW_FLAVOUR:+-$PW_FLAVOUR}	# beside it: what one kernel needs
PW_STARTED=${PW_STARTED:-${EPOCHREALTIME/[^0-9]/.}}
export PW_RELEASE PW_FLAVOUR PW_VARIANT PW_STARTED

# Seconds since the first script of this run began, to a tenth.
elapsed()
{
	local now=${EPOCHREALTIME/[^0-9]/} from=${PW_STARTED/[^0-9]/}
	local tenths=$(((now - from) / 100000))

	printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

say()
{
	printf '[%6s s] %s\n' "$(elapsed)" "$*" >&2
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# The lines of a list file without its comments.
list()
{
	sed -e 's/[[:space:]]*#.*//' -e '/^$/d' "$@"
}

# Run a command whose output matters only when it fails.
quietly()
{
	local log status=0

	log=$(mktemp)
	"$@" >"$log" 2>&1 || status=$?
	if ((status)); then
		tail -n 60 "$log" >&2
	fi
	rm -f "$log"
	return "$status"
}

# The version of the kernel in the VM's root: the newest of $PW_FLAVOUR, whose
# names end so (6.1.0-56-amd64, 6.1.0-56-rt-amd64).
kernel_version()
{
	local directory name newest=''

	while read -r directory; do
		name=${directory%/kernel}
		name=${name##*/}
		case $name in
		*-rt-amd64) [[ $PW_FLAVOUR == rt ]] || continue ;;
		*-cloud-amd64) [[ $PW_FLAVOUR == cloud ]] || continue ;;
		*-debug | *-kcsan) [[ $PW_FLAVOUR == "${name##*-}" ]] || continue ;;
		*) [[ -z $PW_FLAVOUR ]] || continue ;;
		esac
		newest=$name
	done < <(printf '%s\n' "$PW_ROOT"/lib/modules/*/kernel | sort -V)
	[[ -n $newest ]] || die "no kernel${PW_FLAVOUR:+ of flavour $PW_FLAVOUR} in $PW_ROOT"
	echo "$newest"
}

qemu_version()
{
	qemu-system-x86_64 --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p'
}

# Does it get several emulated CPUs right (vm-accel)?
qemu_is_recent()
{
	printf '%s\n' 8.1 "$(qemu_version)" | sort -VC
}

# Wait for the lock on a file or folder, unless a caller of this script has it;
# it ends with the script. What could outlive the script must close it, and the
# one that waits here goes with it: it would get a lock that nobody wants.
take_lock()
{
	local variable=$1 file=$2 what=$3 lock

	[[ -z ${!variable:-} ]] || return 0
	exec {lock}<"$file"
	if ! flock -n "$lock"; then
		say "$what, waiting"
		setpriv --pdeathsig KILL flock "$lock"
	fi
	export "$variable=$lock"
}

# One VM at a time on a machine: two starve each other's timer calibration. The
# lock is on QEMU's own folder, for it is the machine's and not this checkout's.
take_vm_lock()
{
	take_lock PW_VM_LOCK /usr/share/qemu 'vm: another one is running'
}

# One user at a time of a checkout's root: a guest that runs on it, or a build.
# Taken before the VM's where both are.
take_root_lock()
{
	mkdir -p "$PW_BUILD"
	take_lock PW_ROOT_LOCK "$PW_BUILD" 'root: it is in use'
}

# The source files of this project, without what git ignores: those whose names
# end as asked for, or all.
source_files()
{
	git -C "$PW_TOP" ls-files --cached --others --exclude-standard "$@" |
		sort -u | while read -r file; do
		[[ ! -f $PW_TOP/$file ]] || echo "$file"
	done
}
