# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables of "check"
# The table for people: it fits, and nothing in it moves a terminal.

"$tool" --utc --input "$here/streams/web.pwrec" 2> /dev/null > "$work/web"
awk 'length > 100 { print; bad = 1 } END { exit bad }' "$work/web" > "$work/log"
result $? 'line: 100 columns are enough' < "$work/log"

"$tool" --wide --input "$here/streams/hostile.pwrec" 2> /dev/null > "$work/table"
! grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' \
	"$work/table" > "$work/log"
result $? 'line: hostile names do not reach the terminal' < "$work/log"

LC_ALL=C "$tool" --wide --input "$here/streams/hostile.pwrec" 2> /dev/null |
	LC_ALL=C grep -n '[^ -~]' > "$work/log"
result $((!$?)) 'line: only ASCII where the locale is not UTF-8' < "$work/log"

"$tool" --input "$here/streams/web.pwrec" 2> /dev/null | grep -c $'\033' > "$work/log"
result $((!$?)) 'line: no colour in a pipe' < "$work/log"
