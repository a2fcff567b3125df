#!/bin/sh
# The pure wing needs nothing of the outside: each of its files compiles as
# plain C11 with no library in sight, and asks the linker only for the few
# functions below, for the other pure files, and for base/crypto.h.
#
# usage: pure.sh [TREE]
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$here}" || exit 1
name=pure
. test/shape.sh

allowed='memcpy|memmove|memset|memcmp|memchr|strlen|strcmp|strncmp|strchr|strrchr|strstr|bcmp'
allowed="$allowed|malloc|calloc|realloc|free|qsort|bsearch|snprintf|vsnprintf"
allowed="$allowed|must_fail|crypto_[a-z0-9_]+|__errno_location"
# Charsets of the C library, and the tables that firmware/ makes.
allowed="$allowed|iconv_open|iconv|iconv_close|fold_table_[a-z]+"

files=$(sources mailbox/base mailbox/mail mailbox/rules mailbox/proof \
    mailbox/talk | grep '\.c$' | grep -vE '/base/(log|crypto|crypto_key)\.c$')

for file in $files; do
	object=$work/$(echo "$file" | tr / _).o
	gcc -std=c11 -O1 -fno-builtin -fno-stack-protector -U_FORTIFY_SOURCE \
	    -Imailbox -c -o "$object" "$file" 2>"$work/errors" ||
	    echo "$file:1: is no plain C11: $(head -n 1 "$work/errors")"
done >"$work/broken"
check 'the pure wing compiles as plain C11' <"$work/broken"

nm --defined-only -g "$work"/*.o 2>/dev/null | awk 'NF == 3 { print $3 }' |
    sort -u >"$work/ours"
for file in $files; do
	object=$work/$(echo "$file" | tr / _).o
	[ -f "$object" ] || continue
	nm -u "$object" | awk '{ print $2 }' | sort -u |
	    comm -23 - "$work/ours" |
	    grep -vxE "$allowed|_GLOBAL_OFFSET_TABLE_" >"$work/foreign"
	if [ -s "$work/foreign" ]; then
		echo "$file:1: needs $(tr '\n' ' ' <"$work/foreign")"
		continue
	fi
	# Every file counts as a check of its own.
	pass
done >"$work/impure"
check 'the pure wing asks for nothing else' <"$work/impure"

finish
