#!/bin/sh
# No machine's own paths and no package archive's name in any tracked file:
# the tree must build anywhere.
#
# usage: words.sh [TREE]
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$here}" || exit 1
name=words
. test/shape.sh

# Brackets keep these lines from finding themselves.
paths='/w[o]rk/|/r[o]ot/|/h[o]me/[a-z]|/t[m]p/pb'
archives='(deb|security|snapshot|ftp[.a-z]*|archive)\.(debian|ubuntu|raspbian)\.[a-z]'
archives="$archives|[d]eb\.org|registry\.npmjs|[p]ypi\.|files\.pythonhosted"

tracked() {
	if git rev-parse --show-toplevel >/dev/null 2>&1 &&
	    [ "$(git rev-parse --show-toplevel)" = "$(pwd -P)" ]; then
		git ls-files
	else
		find . -type f | sed 's,^\./,,'
	fi | while read -r file; do
		[ -f "$file" ] && echo "$file"
	done
}

search() { # PATTERN
	tracked | grep -v '^test/fuzz/corpus/' | tr '\n' '\0' |
	    xargs -0 -r grep -nIE "$1" /dev/null
}

search "$paths" | check "no path of one machine"
search "$archives" | check 'no package archive by name'

finish
