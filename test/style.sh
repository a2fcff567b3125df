#!/bin/sh
# The part of docs/style.md that a machine can see.
#
# usage: style.sh [TREE]
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$here}" || exit 1
name=style
. test/shape.sh
LC_ALL=C
export LC_ALL

sources mailbox web test >"$work/files"
sources mailbox web >"$work/program"
stripped <"$work/files" >"$work/bare"
awk -f test/style.awk "$work/bare" >"$work/shape"

lines() { # AWK PROGRAM that prints the offending lines
	xargs -r awk "$1" <"$work/files"
}

# UTF-8 is measured in characters: continuation bytes have no width.
lines '{
	n = split($0, cell, "\t")
	width = 0
	for (i = 1; i <= n; i++) {
		gsub(/[\200-\277]/, "", cell[i])
		width += length(cell[i])
		if (i < n)
			width += 8 - width % 8
	}
	if (width > 80)
		print FILENAME ":" FNR ": " width " columns"
}' | check 'at most 80 columns'

lines '/[ \t]$/ { print FILENAME ":" FNR ": space at the end" }' |
    check 'no space at the end of a line'
lines '/^ +\t/ || /^        / {
	print FILENAME ":" FNR ": indented with spaces"
}' | check 'tabs indent'
lines 'FNR > 500 && !seen[FILENAME]++ {
	print FILENAME ":500: more than 500 lines"
}' | check 'files of at most 500 lines'
grep -E '//' "$work/bare" | check 'no // comments'
lines '/TOD[O]|FIXM[E]|(^|[^X])XXX([^X]|$)/ {
	print FILENAME ":" FNR ": unfinished: " $0
}' | check 'nothing left to do'

for rule in length parameters nesting column; do
	sed -n "s/^$rule //p" "$work/shape" | check "functions: $rule"
done

grep -E '(^|[^A-Za-z0-9_])(v?sprintf|str(n?cat|n?cpy|tok)|gets|ato(i|l|ll|f)|v?f?s?scanf|alloca)\(' \
    "$work/bare" | check 'no banned function'
grep -E ':[ 	]*typedef[ 	]+(struct|union|enum)' "$work/bare" |
    check 'no typedef of a struct'

# Guards are made of the path below mailbox, as BASE_STR_H.
grep '\.h$' "$work/program" | while read -r file; do
	guard=$(echo "${file#mailbox/}" | tr 'a-z/.' 'A-Z__')
	grep -q "^#ifndef $guard\$" "$file" ||
	    echo "$file:1: no guard $guard"
done | check 'header guards'

# A .c with a header of its own, shared (smtp.h) or inner (smtp_part.h),
# includes that first.
grep '\.c$' "$work/program" | while read -r file; do
	stem=${file%.c}
	header=$stem.h
	[ -f "$header" ] || continue
	first=$(grep -n '^#include' "$file" | head -n 1)
	case $first in
	*"\"${header#mailbox/}\"" | *"\"${stem#mailbox/}"_*.h\") ;;
	*) echo "$file:${first%%:*}: its own header is not included first" ;;
	esac
done | check 'own header first'

libraries=$(find "${BUILD:-build}/dev/lib" -mindepth 2 -maxdepth 2 \
    -name include -follow 2>/dev/null | sed 's/^/-isystem /')
grep '\.h$' "$work/program" | while read -r file; do
	case $file in
	mailbox/net/* | mailbox/store/* | mailbox/app/* | web/*)
		features=-D_GNU_SOURCE
		;;
	*) features= ;;
	esac
	# Twice, so that the guard is tried as well.
	printf '#include "%s"\n#include "%s"\n' "$file" "$file" |
	    gcc -std=c11 $features -Wall -Wextra -Werror -fsyntax-only -I. \
	    -Imailbox $libraries -x c - 2>"$work/errors" ||
	    echo "$file:1: not by itself: $(head -n 1 "$work/errors")"
done | check 'every header compiles alone'

# A public function must be used by another file of the program. One that
# only its own file and a test use belongs to both; one that only tests use
# is dead, unless its file is in test/awaited: whole and tested, and its caller
# comes with the next piece of work.
awk -v list=1 -f test/style.awk "$work/bare" |
    awk '$1 !~ /^test\// && $3 == "public" { print $1, $2 }' >"$work/public"
awk -v public="$work/public" -v awaited=test/awaited '
BEGIN {
	while ((getline line < awaited) > 0)
		if (line !~ /^(#|$)/)
			waits[line] = 1
	while ((getline line < public) > 0) {
		split(line, a, " ")
		home[a[2]] = a[1]
	}
}
{
	split($0, part, ":")
	file = part[1]
	rest = substr($0, length(file) + length(part[2]) + 3)
	kind = file ~ /^test\// ? "test" : file ~ /\.h$/ ? "head" : "code"
	while (match(rest, /[A-Za-z_][A-Za-z0-9_]*/)) {
		word = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		if (!(word in home))
			continue
		if (kind == "code" && file == home[word])
			own[word]++
		else if (kind == "code")
			used[word] = 1
		else if (kind == "test")
			tested[word] = 1
		else if (++head[word] > 1)
			used[word] = 1
	}
}
END {
	for (word in home) {
		if (used[word] || word == "main" || word ~ /^mbedtls_/)
			continue
		if (own[word] > 1 && tested[word])
			continue
		if (home[word] in waits && tested[word]) {
			waiting[home[word]] = 1
			continue
		}
		print home[word] ":1: " word "() " \
		    (own[word] > 1 ? "is public for nobody" : "is never used")
	}
	for (file in waits)
		if (!(file in waiting))
			print "test/awaited:1: " file " waits for nobody"
}' "$work/bare" | sort | check 'no dead function'

finish
