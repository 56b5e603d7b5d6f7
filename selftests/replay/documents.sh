# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154,SC2016 # variables of "check"; backquotes
# What the documents show is what the tool prints.

top=$here/../..

for document in README.md Documentation/ports-and-sockets.md \
		Documentation/address-in-use.md; do
	if ! command -v jq > /dev/null; then
		result 0 "document: $document # SKIP no jq"
		continue
	fi
	"$here/document" "$tool" "$top/$document" > "$work/document"
	diff -u --label "$document" "$top/$document" --label 'the tool' \
		"$work/document" > "$work/log"
	result $? "document: $document" < "$work/log"
done

# Whatever the text quotes that has a digit in it, its blocks have too.
document=$top/Documentation/ports-and-sockets.md
sed -n '/^```/,/^```/p' "$document" > "$work/blocks"
sed '/^```/,/^```/d' "$document" |
	awk -F '`' '{ for (i = 2; i <= NF; i += 2) if ($i ~ /[0-9]/) print $i }' |
	sort -u | while read -r quoted; do
		grep -qwF -- "$quoted" "$work/blocks" || echo "$quoted"
	done > "$work/log"
[[ ! -s $work/log ]]
result $? 'document: what ports-and-sockets.md quotes is there' < "$work/log"
