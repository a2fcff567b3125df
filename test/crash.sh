#!/bin/sh
# Crash runs: kill -9 of the running program under load, with letters coming in
# and with letters going out, then the store on a disk that fails or loses power
# at its n-th operation. Closes with one line: N passed, N failed.
#
# usage: crash.sh [--quick]
#
# --quick         20 kills, 100 letters, every 23rd operation; not 1000 and all
# ROUNDS=n        another number of kills, and of letters
# PILLARBOX=file  the program; BUILD=dir where dev/test/crash is
set -u

cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
PILLARBOX=$(realpath "${PILLARBOX:-$BUILD/dev/pillarbox}")
export PILLARBOX
case ${1:-} in
--quick)
	rounds=20
	letters=100
	stride=23
	;;
'')
	rounds=1000
	letters=1000
	stride=1
	;;
*)
	echo "usage: crash.sh [--quick]" >&2
	exit 2
	;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0

run() { # NAME COMMAND...
	name=$1
	shift
	echo "$name:"
	"$@" | tee "$log"
	set -- $(sed -n 's/^.*\<\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' \
	    "$log" | tail -n 1)
	if [ $# -ne 2 ]; then
		echo "$name: did not come to its end"
		set -- 0 1
	fi
	passed=$((passed + $1))
	failed=$((failed + $2))
}

run kill /usr/bin/python3 test/crash/kill.py --rounds "${ROUNDS:-$rounds}"
run carry /usr/bin/python3 test/crash/carry.py --letters "${ROUNDS:-$letters}"
run disk "$BUILD/dev/test/crash" "$stride" 2>"$BUILD/dev/test/crash.log"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
