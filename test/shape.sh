# What the shape tests share; sourced by them, inside the tree they look at.
#
# A check reads offending "file:line: text" lines from its standard input and
# passes when there are none.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

pass() { echo p >>"$work/passed"; }

check() { # WHAT
	found=$(cat)
	if [ -z "$found" ]; then
		pass
		return 0
	fi
	echo f >>"$work/failed"
	echo "FAILED $1:"
	echo "$found" | sed 's/^/  /'
}

finish() {
	touch "$work/passed" "$work/failed"
	passed=$(wc -l <"$work/passed")
	failed=$(wc -l <"$work/failed")
	echo "$name: $passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

# The C files of the program, or those below the given folders.
sources() {
	find "$@" -name '*.[ch]' 2>/dev/null | sort
}

stripped() { # FILES on standard input; options for awk as arguments
	LC_ALL=C xargs -r awk "$@" -f test/strip.awk
}
