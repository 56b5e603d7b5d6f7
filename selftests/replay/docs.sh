# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables of "check"
# The manual and the completion know the tool as it is.

man=$here/../../user/man

# Every option of --help stands in the manual.
for command in tail ports who record read status; do
	"$tool" $command --help |
		sed -nE 's/^  (-., )? *--([a-z-]+).*/\2/p' |
		while read -r option; do
			grep -qE "^\.It .*Fl \\\\-$option( |$)" \
				"$man/portwatch.8" || echo "--$option"
		done > "$work/log"
	[[ ! -s $work/log ]]
	result $? "manual: options of $command" < "$work/log"
done

# Every column of CSV, and so every field, stands in the other one.
"$tool" --csv --input "$here/streams/web.pwrec" 2> /dev/null | head -n 1 |
	tr -d '\r' | tr ',' '\n' | sed -E 's/^(by|holder)_//' | sort -u |
	while read -r field; do
		grep -qwE "^(\.Cm|\.It Cm|\.Pq Cm|\.Pq with Cm) .*$field" \
			"$man/portwatch.5" || echo "$field"
	done > "$work/log"
[[ ! -s $work/log ]]
result $? 'manual: fields' < "$work/log"

# The completion offers nothing that the tool does not take.
(
	compopt() { :; }
	# shellcheck source=/dev/null
	. "$here/../../user/completion/portwatch"
	COMP_WORDS=(portwatch tail '') COMP_CWORD=2
	_portwatch "$tool"
	for word in "${COMPREPLY[@]}"; do
		[[ $word =~ ^(and|or|not)$ ]] && continue
		"$tool" --input "$here/streams/web.pwrec" "$word" 2>&1 > /dev/null |
			grep 'expected a test'
	done
	COMP_WORDS=(portwatch ports --) COMP_CWORD=2
	_portwatch "$tool"
	for word in "${COMPREPLY[@]}"; do
		"$tool" ports "$word" --help 2>&1 | grep 'is not an option'
	done
	COMP_WORDS=(portwatch --events '') COMP_CWORD=2
	_portwatch "$tool"
	IFS=,
	"$tool" --input "$here/streams/web.pwrec" --events "${COMPREPLY[*]}" \
		2>&1 > /dev/null | grep -v 'seen'
) > "$work/log" 2>&1
[[ ! -s $work/log ]]
result $? 'completion: the tool takes what it offers' < "$work/log"
