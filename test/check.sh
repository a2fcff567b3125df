#!/bin/sh
# Run every test and close with one line: N passed, N failed.
#
# A kind of test that is missing counts as a failure, and so does a program
# that ends badly without saying how many of its tests failed.
set -u

cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
export BUILD
out=$BUILD/dev
PILLARBOX=$(realpath -m "$out/pillarbox")
export PILLARBOX
UBSAN_OPTIONS=print_stacktrace=1
export UBSAN_OPTIONS
logs=$out/check
mkdir -p "$logs"
rm -f "$logs/counts"
passed=0
failed=0

finish() {
	echo "$passed passed, $failed failed" | tee "$logs/counts"
	[ "$failed" -eq 0 ]
	exit
}

# Read "N passed, N failed", cmocka's or pytest's way, off a log.
counts() {
	awk '
	/^\[  PASSED  \] [0-9]+ test/ { p += $4 }
	/^\[  FAILED  \] .*[0-9]+ test\(s\), listed below/ {
		match($0, /[0-9]+ test\(s\), listed/)
		f += substr($0, RSTART) + 0
	}
	/(^|[ =:])[0-9]+ (passed|failed|errors?)([ ,]|$)/ {
		line = $0
		while (match(line, /[0-9]+ (passed|failed|errors?)/)) {
			word = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
			if (word ~ /passed/)
				lastp = word + 0
			else
				lastf += word + 0
			plain = 1
		}
	}
	END { print p + lastp, f + lastf }' "$1"
}

run() { # NAME COMMAND...
	name=$1
	shift
	log=$logs/$(echo "$name" | tr ' /' __).log
	timeout 1500 "$@" >"$log" 2>&1
	status=$?
	case $name in
	unit*) ;;
	*) tail -n 1 "$log" >"$log.last" ;;
	esac
	set -- $(counts "$([ -f "$log.last" ] && echo "$log.last" || echo "$log")")
	rm -f "$log.last"
	p=$1 f=$2
	[ $status -eq 0 ] || [ "$f" -gt 0 ] || f=1
	if [ $((p + f)) -eq 0 ]; then
		echo "  $name: said nothing of its tests"
		f=1
	fi
	passed=$((passed + p))
	failed=$((failed + f))
	if [ "$f" -gt 0 ]; then
		tail -n 100 "$log"
		echo "  $name: $p passed, $f FAILED (status $status, $log)"
	else
		echo "  $name: $p passed"
	fi
}

missing() { # KIND
	echo "  $1: there are none"
	failed=$((failed + 1))
}

echo "building for the tests"
if ! make -k --no-print-directory TARGET=dev BUILD="$BUILD" programs \
    >"$logs/build.log" 2>&1; then
	tail -n 40 "$logs/build.log"
	failed=1
	finish
fi

for shape in floors pure style words shape_test; do
	run "$shape" "test/$shape.sh"
done

units=
for floor in base mail rules proof talk net store web app; do
	[ -x "$out/test/unit_$floor" ] || continue
	units=yes
	run "unit $floor" "$out/test/unit_$floor"
done
[ -n "$units" ] || missing unit

if [ -x "$out/test/talk_pure" ]; then
	run "talk pure" "$out/test/talk_pure" test/talk/*.talk
else
	missing talk
fi

fuzzers=
for fuzzer in "$out"/fuzz/*; do
	[ -x "$fuzzer" ] || continue
	fuzzers=yes
	run "fuzz $(basename "$fuzzer")" "$fuzzer" \
	    "test/fuzz/corpus/$(basename "$fuzzer")"
done
[ -n "$fuzzers" ] || missing fuzz

if [ -x test/crash.sh ]; then
	run crash test/crash.sh --quick
else
	missing crash
fi

if ls test/live/test_*.py >/dev/null 2>&1; then
	run live /usr/bin/python3 -m pytest -q -p no:cacheprovider --timeout 180 \
	    test/live
else
	missing live
fi
finish
