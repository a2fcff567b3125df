#!/bin/sh
# The floor rules of docs/architecture.md, read off every #include.
#
# usage: floors.sh [TREE]
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$here}" || exit 1
name=floors
. test/shape.sh

sources mailbox web | stripped -v texts=1 >"$work/code"
sources mailbox web | stripped >"$work/bare"
grep -E '^[^:]*:[0-9]+:[ 	]*#[ 	]*include' "$work/code" |
    sed -E 's/^([^:]*:[0-9]+):[ 	]*#[ 	]*include[ 	]*/\1 /' >"$work/includes"

# Each floor and what it may include of ours, itself first.
floors='base:base
mail:mail base
rules:rules mail base
proof:proof mail base
talk:talk rules mail base
net:net base
store:store mail base
web:web talk rules store mail base
app:app web talk proof rules net store mail base'

# FLOOR FILES... that break its line of the table.
foreign() {
	awk -v floor="$1" -v may="$2" '
	BEGIN { n = split(may, a, " "); for (i = 1; i <= n; i++) ok[a[i]] = 1 }
	{
		split($1, path, "/")
		at = path[1] == "web" ? "web" : path[2]
		if (at != floor || $2 !~ /^"/)
			next
		other = $2
		gsub(/"/, "", other)
		if (other ~ /^mailbox\//)
			other = substr(other, 9)
		slash = index(other, "/")
		# A name without a folder is a file beside, as SQL is.
		if (slash && !(substr(other, 1, slash - 1) in ok))
			print $1 ": " floor " includes " other
	}' "$work/includes"
}

while IFS=: read -r floor may; do
	foreign "$floor" "$may" | check "$floor includes only: $may"
done <<EOF
$floors
EOF

{
	find mailbox -mindepth 1 -maxdepth 1 -type d 2>/dev/null
	find mailbox -maxdepth 1 -name '*.[ch]' 2>/dev/null
} | grep -vE '^mailbox/(base|mail|rules|proof|talk|net|store|app)$' |
    sed 's/$/:1: not one of the floors/' | check 'nothing but the floors'

# Headers that only some files may include.
only() { # WHAT HEADERS WHERE
	awk -v headers="$2" -v where="$3" '
	{
		file = $1
		sub(/:[0-9]+$/, "", file)
		if ($2 ~ "^[<\"](" headers ")" && file !~ "^(" where ")")
			print $1 ": " $2
	}' "$work/includes" | check "$1"
}

only 'Mbed TLS only in net/tls*.c and base/crypto*.c' \
    'mbedtls/|psa/|everest/' \
    'mailbox/net/tls(_[a-z]+)?\\.c$|mailbox/net/tls_part\\.h$|mailbox/base/crypto(_[a-z]+)?\\.c$'
only 'libsodium only in base/crypto*.c and store/seal.c' 'sodium' \
    'mailbox/base/crypto(_[a-z]+)?\\.c$|mailbox/store/seal\\.c$'
only 'libconfig only in app/config.c' 'libconfig' 'mailbox/app/config\\.c$'
only 'c-ares only in net/resolve*.c' 'ares' \
    'mailbox/net/resolve(_[a-z]+)?\\.c$'
only 'libcurl only in net/fetch.c' 'curl/' 'mailbox/net/fetch\\.c$'
only 'zlib only in net/deflate.c' 'zlib' 'mailbox/net/deflate\\.c$'
only 'SQLite only in store' 'sqlite3' 'mailbox/store/'
only 'sockets only in net' \
    'sys/(socket|un|epoll)\\.h|netinet/|arpa/|netdb\\.h|poll\\.h|sys/poll' \
    'mailbox/net/'

# Headers the pure wing may include: those of C11 that touch nothing.
awk '
/^mailbox\/(base|mail|rules|proof|talk)\// &&
$1 !~ /^mailbox\/base\/(log|crypto(_[a-z]+)?)\.c:/ && $2 ~ /^</ {
	header = $2
	gsub(/[<>]/, "", header)
	if (header == "iconv.h" && $1 ~ /^mailbox\/mail\/charset/)
		next
	if (header !~ /^(assert|ctype|errno|inttypes|limits|stdarg|stdbool|stddef|stdint|stdio|stdlib|string)\.h$/)
		print $1 ": " $2
}' "$work/includes" | check 'the pure wing includes C11 only'

# Calls and words, wherever they come from.
calls() { # WHAT NAMES WHERE
	grep -E "(^|[^A-Za-z0-9_.>])($2)\(" "$work/bare" | grep -vE "^($3)" |
	    check "$1"
}

calls 'socket calls only in net' \
    'socket|socketpair|bind|listen|accept4?|connect|sendmsg|recvmsg|sendto|recvfrom|epoll_[a-z0-9_]+' \
    'mailbox/net/'
calls 'the clock is read in net/loop.c only' \
    'clock_gettime|gettimeofday|time' 'mailbox/net/loop\.c:'
grep -E '"[^"]*(SELECT [^"]+ FROM|INSERT (OR [A-Z]+ )?INTO|REPLACE INTO|UPDATE [a-z_]+ SET|DELETE FROM|CREATE (TABLE|INDEX)|PRAGMA [a-z])' \
    "$work/code" | grep -v '^mailbox/store/' | check 'SQL only in store'

finish
