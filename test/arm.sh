#!/bin/sh
# The ARM binaries, run by qemu-user: the unit tests of every floor, then one
# letter received over SMTP and fetched over POP3 with TLS.
#
# usage: arm.sh [TARGET...], of armv6 and arm64
#
# qemu-user knows neither Landlock nor seccomp, so this is also the run that
# shows what pillarbox does on a kernel without them: warn, and go on.
set -u

cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
passed=0
failed=0
served=
work=$(mktemp -d)
stop() {
	[ -z "$served" ] || kill "$served" 2>/dev/null
	[ -z "$served" ] || wait "$served" 2>/dev/null
	served=
}
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

emulator() { # TARGET
	case $1 in
	armv6) echo qemu-arm-static -cpu arm1176 ;;
	arm64) echo qemu-aarch64-static -cpu cortex-a53 ;;
	esac
}

count() { # WHAT GOOD BAD
	passed=$((passed + $2))
	failed=$((failed + $3))
	echo "  $1: $2 passed, $3 failed"
}

units() { # TARGET
	for unit in "$BUILD/$1"/test/unit_*; do
		[ -x "$unit" ] || continue
		log=$work/$1-$(basename "$unit").log
		PILLARBOX_EMULATED=1 timeout 300 $(emulator "$1") "$unit" >"$log" 2>&1
		status=$?
		set -- "$1" $(awk '
		/^\[  PASSED  \] [0-9]+ test/ { p += $4 }
		/^\[  FAILED  \] .*[0-9]+ test\(s\), listed/ {
			match($0, /[0-9]+ test\(s\), listed/)
			f += substr($0, RSTART) + 0
		}
		END { print p + 0, f + 0 }' "$log")
		good=$2 bad=$3
		[ $status -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
		[ "$bad" -eq 0 ] || tail -n 60 "$log"
		count "$1 $(basename "$unit")" "$good" "$bad"
	done
}

free_port() {
	/usr/bin/python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# Ask again until it works or SECONDS have passed.
eventually() { # SECONDS COMMAND...
	left=$(($1 * 5))
	shift
	until "$@" >/dev/null 2>&1; do
		left=$((left - 1))
		[ $left -gt 0 ] || return 1
		sleep 0.2
	done
}

receive_and_fetch() { # TARGET
	home=$work/$1
	smtp=$(free_port) pop3=$(free_port)
	mkdir -p "$home"
	printf '#!/bin/sh\nexec %s %s "$@"\n' "$(emulator "$1")" \
	    "$(realpath "$BUILD/$1/pillarbox")" >"$home/pillarbox"
	chmod +x "$home/pillarbox"
	cat >"$home/conf" <<-EOF
		domains = "example.test";
		data = "$home/data";
		user = "";
		listen = "127.0.0.1";
		smtp = { port = $smtp; };
		pop3 = { port = 0; tls_port = $pop3; };
		imap = { port = 0; tls_port = 0; };
		submission = { port = 0; tls_port = 0; };
		tls = { certificates = ( { cert = "$home/cert.pem";
		    key = "$home/key.pem"; } ); };
	EOF
	printf 'Subject: over there\r\n\r\nby %s\r\n' "$1" >"$home/letter"
	printf 'an emulated password\n' | "$home/pillarbox" init \
	    -c "$home/conf" --password-stdin --self-signed \
	    >"$home/log" 2>&1 || return 1
	"$home/pillarbox" serve -c "$home/conf" >>"$home/log" 2>&1 &
	served=$!
	eventually 60 curl -s --max-time 20 "smtp://127.0.0.1:$smtp" \
	    --mail-from sender@sender.example \
	    --mail-rcpt never-seen@example.test --upload-file "$home/letter" ||
		return 1
	curl -s -k --max-time 60 "pop3s://127.0.0.1:$pop3/1" \
	    -u 'mailbox@example.test:an emulated password' \
	    >"$home/fetched" || return 1
	grep -q '^Delivered-To: never-seen@example.test' "$home/fetched" &&
	    grep -q "^by $1" "$home/fetched"
}

for target in ${*:-armv6 arm64}; do
	make --no-print-directory TARGET="$target" BUILD="$BUILD" units \
	    "$BUILD/$target/pillarbox" || exit 1
	units "$target"
	if receive_and_fetch "$target"; then
		count "$target receive and fetch" 1 0
	else
		tail -n 40 "$work/$target/log"
		count "$target receive and fetch" 0 1
	fi
	stop
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
