# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # variables of "check"
# Is the JSON that others read JSON, the CSV CSV, and can hostile names be got back?

read_back()
{
	python3 - "$@" <<-'END'
	import csv, io, json, re, struct, sys

	def unescape(text):
	    r"""The bytes that \xNN and \\ stand for."""
	    parts = re.split(r'(\\x[0-9a-f]{2}|\\\\)', text)
	    return b''.join(
	        b'\\' if part == '\\\\' else
	        bytes([int(part[2:], 16)]) if part.startswith('\\x') else
	        part.encode() for part in parts)

	def names(path):
	    """The names of the processes in a recording, by pid."""
	    data = open(path, 'rb').read()[128:]
	    found = {}
	    for at in range(0, len(data), 128):
	        slot = data[at:at + 128]
	        if slot[14] == 13:
	            pid = struct.unpack_from('<I', slot, 20)[0]
	            found[pid] = slot[56:72].rstrip(b'\0')
	    return found

	stream, json_path, csv_path = sys.argv[1:]
	want = names(stream)
	for line in open(json_path, 'rb').read().decode('utf-8').splitlines():
	    event = json.loads(line)
	    assert unescape(event['comm']) == want[event['pid']], event['comm']
	    exe = unescape(event['exe'])
	    assert exe == b'/tmp/' + want[event['pid']], exe
	    assert not re.search('[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]',
	                         line), line
	with open(csv_path, newline='', encoding='utf-8') as file:
	    rows = list(csv.DictReader(file, strict=True))
	assert len(rows) == len(want)
	for row in rows:
	    comm = row['comm']
	    assert unescape(comm) == want[int(row['pid'])], comm
	    assert comm[:1] not in '=+-@', comm
	END
}

stream=$here/streams/hostile.pwrec
"$tool" --json --input "$stream" > "$work/hostile.json" 2> /dev/null
"$tool" --csv --input "$stream" > "$work/hostile.csv" 2> /dev/null
if command -v python3 > /dev/null; then
	read_back "$stream" "$work/hostile.json" "$work/hostile.csv" \
		> "$work/log" 2>&1
	result $? 'json, csv: hostile names can be got back' < "$work/log"
else
	result 0 'json, csv: hostile names can be got back # SKIP no python3'
fi

for stream in "$here"/streams/*.pwrec; do
	name=$(basename "$stream" .pwrec)
	"$tool" --json --events all --input "$stream" 2> /dev/null > "$work/json"
	if command -v jq > /dev/null; then
		jq -e -c . < "$work/json" > /dev/null 2> "$work/log"
		result $? "json: $name is JSON Lines" < "$work/log"
	else
		result 0 "json: $name is JSON Lines # SKIP no jq"
	fi
done
