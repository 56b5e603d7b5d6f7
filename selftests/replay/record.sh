# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables of "check"
# record and read: what one writes the other prints, as if it were live; and what they
# say of files that are not as they should be. Events come from the recorded streams.

book=$work/book.pwrec

# same NAME: are the files "want" and "got" the same?
same()
{
	diff "$work/want" "$work/got" > "$work/log"
	result $? "$1" < "$work/log"
}

# Blocks begin with these bytes.
block_at()
{
	LC_ALL=C grep -obUaP '\x4b\x42\x57\x93' "$1" | cut -d : -f 1
}

flip()
{
	local byte

	byte=$(dd if="$1" bs=1 skip="$2" count=1 2> /dev/null | od -An -tu1)
	# shellcheck disable=SC2059
	printf "\\x$(printf %02x $((byte ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2> /dev/null
}

for stream in "$here"/streams/*.pwrec; do
	name=$(basename "$stream" .pwrec)
	for how in '' --no-compress; do
		rm -f "$book"
		# shellcheck disable=SC2086
		"$tool" record $how --events all --input "$stream" "$book" \
			2> /dev/null
		for format in --json --csv --wide; do
			"$tool" tail --events all $format --input "$stream" \
				> "$work/want" 2>&1
			"$tool" read --events all $format "$book" \
				> "$work/got" 2>&1
			same "record $how, read $format: $name"
		done
	done
	"$tool" record --events all --input "$stream" - 2> /dev/null |
		"$tool" read --events all --wide - > "$work/got" 2>&1
	same "record, read: $name, through a pipe"
done

# a filter while recording is a filter while reading
stream=$here/streams/web.pwrec
rm -f "$book"
"$tool" record --input "$stream" "$book" proto tcp and port 80 2> "$work/err"
grep -q '^portwatch: seen 25, recorded 14, filtered 11, lost 0$' "$work/err"
result $? 'record: the last line adds up' < "$work/err"
"$tool" read --json "$book" > "$work/got" 2> /dev/null
"$tool" tail --json --input "$stream" proto tcp and port 80 \
	> "$work/want" 2> /dev/null
same 'record: a filter'
[[ $(stat -c %a "$book") == 600 ]]
result $? 'record: nobody else may read it' < /dev/null

# a name that is taken
"$tool" record --input "$stream" "$book" event close 2> /dev/null
old=("$book".*Z)
[[ ${#old[@]} == 1 ]] && "$tool" read --json "${old[0]}" 2> /dev/null |
	cmp - "$work/want" > "$work/log"
result $? 'record: a recording that is there is renamed' < "$work/log"
"$tool" read --json "$book" "${old[0]}" > "$work/got" 2> /dev/null
[[ $(wc -l < "$work/got") -gt $(wc -l < "$work/want") ]]
result $? 'read: several files' < "$work/got"
# each has its own processes, and the keys and numbers of another's
LC_ALL=C sed 's/nginx/ginnx/g' "$stream" > "$work/other.pwrec"
for format in --json --csv --wide; do
	"$tool" read $format --no-header "$stream" > "$work/want" 2> /dev/null
	"$tool" read $format --no-header "$work/other.pwrec" >> "$work/want" 2> /dev/null
	"$tool" read $format --no-header "$stream" "$work/other.pwrec" \
		> "$work/got" 2> /dev/null
	same "read: the processes of each file, $format"
done
"$tool" tail --json --input "$stream" event close > "$work/want" 2> /dev/null
"$tool" read --json "$book" > "$work/got" 2> /dev/null
same 'record: the new one has the name'
echo 'my diary' > "$work/diary"
fails 2 'diary: is there, and no recording' record --input "$stream" "$work/diary"
[[ $(< "$work/diary") == 'my diary' ]]
result $? 'record: leaves other files alone' < /dev/null
: > "$work/empty"
"$tool" record --input "$stream" "$work/empty" 2> /dev/null &&
	"$tool" read "$work/empty" > /dev/null 2> "$work/log"
result $? 'record: an empty file may be used' < "$work/log"

: > "$work/nothing.empty"
fails 2 'to which file' record
fails 2 'to which file' record port 80
fails 2 'max-size 4K: not a size' record --max-size 4K x
fails 2 'max-size 1X: not a size' record --max-size 1X x
fails 2 'max-size 99999999999999T: not a size' record --max-size 99999999999999T x
fails 2 'max-age 0: not a time' record --max-age 0 x
fails 2 'max-age 5y: not a time' record --max-age 5y x
fails 2 'keep 0: not a number' record --keep 0 x
fails 2 'standard output is one file' record --max-size 1M -
fails 4 'No such file' record --input "$stream" "$none/x"
fails 3 "no $none: .*modprobe portwatch" record --device "$none" "$work/unused"
fails 2 'which file' read
fails 2 'which file' read port 80
fails 2 'is read alone' read - "$book"
fails 4 'no such file' read "$book" "$none"
fails 2 '/etc/passwd: not a recording of portwatch; name a file that' read /etc/passwd
fails 2 'empty: not a recording' read "$work/nothing.empty"
fails 4 'no such file' read nonsense 80

# a header that is damaged, or not all there
cp "$book" "$work/head.pwrec"
flip "$work/head.pwrec" 100
fails 4 'head.pwrec: a recording whose header is damaged; .*another copy' \
	read "$work/head.pwrec"
head -c 200 "$book" > "$work/short.pwrec"
fails 4 'short.pwrec: a recording that was cut short in its header; .*another copy' \
	read "$work/short.pwrec"
cp "$book" "$work/order.pwrec"
printf '\x01\x02\x03\x04' | dd of="$work/order.pwrec" bs=1 seek=12 conv=notrunc 2> /dev/null
fails 2 'order.pwrec: recorded on a machine with another byte order; read it on' \
	read "$work/order.pwrec"
cp "$book" "$work/records.pwrec"
printf '\x02' | dd of="$work/records.pwrec" bs=1 seek=24 conv=notrunc 2> /dev/null
fails 2 'records.pwrec: recorded by a newer portwatch; read it with that one' \
	read "$work/records.pwrec"
# newer than we are
cp "$book" "$work/newer.pwrec"
printf '\x09' | dd of="$work/newer.pwrec" bs=1 seek=8 conv=notrunc 2> /dev/null
fails 2 'newer.pwrec: a recording of version 9, and this portwatch reads up to 2; read it with a newer one' \
	read "$work/newer.pwrec"

# cut short, and damaged
size=$(stat -c %s "$book")
head -c $((size - 1)) "$book" > "$work/cut.pwrec"
"$tool" read "$work/cut.pwrec" > /dev/null 2> "$work/err"
status=$?
((status == 0)) &&
	grep -q '^portwatch: .*cut.pwrec: [0-9]* bytes at its end are torn' "$work/err"
result $? 'read: a torn end is said' < "$work/err"
"$tool" read --strict "$work/cut.pwrec" > /dev/null 2>&1
(($? == 1))
result $? 'status 1: read --strict, a torn end' < /dev/null
end=$(block_at "$book" | tail -n 1)
head -c "$end" "$book" > "$work/open.pwrec"
"$tool" read "$work/open.pwrec" > /dev/null 2> "$work/err"
status=$?
((status == 0)) && grep -q 'not ended in order' "$work/err"
result $? 'read: that the end is missing is said' < "$work/err"
cp "$book" "$work/bad.pwrec"
flip "$work/bad.pwrec" $((256 + 64 + 20))
"$tool" read "$work/bad.pwrec" > /dev/null 2> "$work/err"
(($? == 4)) && grep -q "damaged in 1 places, where $(wc -l < "$work/want") events are missing" "$work/err"
result $? 'status 4: a damaged block is counted' < "$work/err"

# A million events and a little more, in files of 1 MiB, with little memory: of the
# last three each names everybody. (The same events again and again: they are out of
# order.)
many()
{
	local i

	tail -c +129 "$stream" > "$work/one"
	for ((i = 0; i < 200; i++)); do
		cat "$work/one"
	done > "$work/some"
	head -c 128 "$stream"
	for ((i = 0; i < 201; i++)); do
		cat "$work/some"
	done
}

rm -f "$book"*
many | (
	ulimit -v 65536
	"$tool" record --input - --max-size 1M --no-compress --keep 3 "$book"
) > /dev/null 2> "$work/err"
status=$?
((status == 0)) && grep -q 'seen 1005000, recorded 1005000, filtered 0, lost 0' "$work/err"
result $? 'record: a million events in 64 MiB of memory' < "$work/err"
files=("$book"*)
((${#files[@]} == 3))
result $? 'record: --keep' < <(printf '%s\n' "${files[@]}")
total=0
for file in "${files[@]}"; do
	(($(stat -c %s "$file") <= 1 << 20)) || echo "$file is too large"
	"$tool" tail --json --input "$file" 2> "$work/err" > "$work/got"
	jq -c 'select(.pid == null and .event != "snapshot")' "$work/got"
	grep -v 'filtered 0, lost 0, out of order [0-9]*$' "$work/err"
	total=$((total + $(grep -vc '"event":"snapshot"' "$work/got")))
done > "$work/log"
[[ ! -s $work/log ]]
result $? 'record: --max-size; each file names everybody' < "$work/log"
"$tool" read --strict "${files[@]}" 2> "$work/err" > /dev/null
status=$?
((status == 0)) && grep -q "^portwatch: seen $total, printed $total, filtered 0, lost 0, " "$work/err"
result $? 'read: files follow each other' < "$work/err"
"$tool" read --strict "${files[0]}" "${files[1]}" 2> "$work/err" > /dev/null
(($? == 1)) && grep -q 'that were recorded before it are in no file here' "$work/err"
result $? 'read: a file between them is missing' < "$work/err"

# 300,000 processes, each with one event, and one that has some all the time
crowd()
{
	python3 - "$stream" <<-'END'
	import struct, sys

	data = open(sys.argv[1], 'rb').read()
	slots = [data[i:i + 128] for i in range(128, len(data), 128)]
	bind = next(slot for slot in slots if slot[14] == 2)

	def process(key):
	    name = b'%d' % key
	    return struct.pack('<QIHBBIIIIIIQQ16sHHHH48s', 0, 0, 0, 13, 1, key,
	                       key, 1, 0, 0, 0, 0, 0, name, len(name), 0, 0,
	                       len(name), name)

	def event(key):
	    return bind[:32] + struct.pack('<I', key) + bind[36:]

	sys.stdout.buffer.write(data[:128] + process(7))
	for key in range(10, 300010):
	    sys.stdout.buffer.write(process(key) + event(key))
	    if key % 100 == 0:
	        sys.stdout.buffer.write(event(7))
	END
}

if command -v python3 > /dev/null; then
	rm -f "$book"*
	crowd | "$tool" record --input - "$book" 2> /dev/null
	(
		ulimit -v 65536
		"$tool" read --json "$book"
	) > "$work/got" 2> "$work/log"
	status=$?
	grep -v '"comm":"[0-9]*","exe":' "$work/got" >> "$work/log"
	((status == 0)) && [[ $(wc -l < "$work/log") == 1 ]] &&
		[[ $(grep -c '"comm":"7",' "$work/got") == 3000 ]]
	result $? 'read: 300,000 processes in 64 MiB of memory' < "$work/log"
else
	result 0 'read: 300,000 processes in 64 MiB of memory # SKIP no python3'
fi

# no room: what is in the file is whole, and what is not is said
rm -f "$book"*
many | (
	ulimit -f 2000
	"$tool" record --input - --no-compress "$book"
) > /dev/null 2> "$work/err"
(($? == 4)) && (($(wc -l < "$work/err") == 1)) &&
	grep -q 'no space left; [0-9]* events were recorded, [0-9]* that came after' "$work/err"
result $? 'status 4: record, no space' < "$work/err"
"$tool" read --json "$book" 2> "$work/log" > "$work/got"
recorded=$(sed 's/.*left; \([0-9]*\) events.*/\1/' "$work/err")
grep -q 'not ended in order' "$work/log" && ! grep -q 'torn' "$work/log" &&
	grep -q "seen $recorded, printed $recorded, " "$work/log"
result $? 'record, no space: what it says is there is there' < "$work/log"
"$tool" record --input "$stream" /dev/full 2> "$work/err"
(($? == 4)) && grep -q '/dev/full: no space left; 0 events' "$work/err"
result $? 'status 4: record /dev/full' < "$work/err"

# what comes in is what goes out, by another name
rm -f "$book"*
cp "$here/streams/web.pwrec" "$book"
"$tool" tail --json --input "$book" > "$work/want" 2> /dev/null
"$tool" record --input "$book" "$book" 2> /dev/null
"$tool" read --json "$book" > "$work/got" 2> /dev/null
same 'record: from a file into another one that takes its name'
