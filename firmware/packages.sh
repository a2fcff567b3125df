#!/bin/sh
# Install the Debian packages that a kind of work needs, if any is missing.
#
# usage: packages.sh SET...
#
# base         compile for this machine      amd64 armv6 arm64  cross compile
# test         run the tests                 qemu   run ARM programs
# demo         try the demo box
# fuzz         clang and its libFuzzer       bench  the servers compared with
#
# Nothing is done, and nobody asked for a password, when all are there. No
# installed service is started.
set -eu

native=$(uname -m)
say() { echo "packages: $*" >&2; }

# A cross compiler is only needed for another kind of machine.
cross() { # MACHINE PACKAGES...
	[ "$native" != "$1" ] || return 0
	shift
	echo "$@"
}

packages_of() {
	case $1 in
	base)
		echo gcc libc6-dev linux-libc-dev binutils make patch tar gzip \
		    bzip2 xz-utils unzip tcl util-linux diffutils findutils
		;;
	amd64)
		cross x86_64 gcc-x86-64-linux-gnu linux-libc-dev-amd64-cross
		;;
	armv6) echo gcc-arm-linux-gnueabi linux-libc-dev-armel-cross ;;
	arm64)
		cross aarch64 gcc-aarch64-linux-gnu linux-libc-dev-arm64-cross
		;;
	test)
		echo git python3 python3-pytest python3-pytest-timeout openssl swaks \
		    libio-socket-ssl-perl libnet-ssleay-perl curl fetchmail \
		    mpop getmail6 e2fsprogs mount python3-dkim python3-nacl \
		    postfix msmtp opendkim-tools python3-aiosmtpd python3-dnslib \
		    dovecot-imapd isync interimap offlineimap3 mutt neomutt tmux
		;;
	demo) echo curl ;;
	qemu) echo qemu-user-static ;;
	fuzz) echo clang libclang-rt-dev ;;
	bench)
		echo postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd \
		    libssl-dev strace
		;;
	*)
		say "no such set: $1"
		exit 1
		;;
	esac
}

missing=
for set in "$@"; do
	for package in $(packages_of "$set"); do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" \
		    2>/dev/null) || status=
		[ "$status" = installed ] || missing="$missing $package"
	done
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	say "this is no Debian; please install the likes of:$missing"
	exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root=sudo
	if ! command -v sudo >/dev/null; then
		say "these packages are missing:$missing"
		say "run as root: apt-get install$missing"
		exit 1
	fi
fi

# One installation at a time, also between two makes.
lock=${XDG_CACHE_HOME:-$HOME/.cache}/pillarbox
mkdir -p "$lock"
exec 7>"$lock/.packages.lock"
flock 7

# An existing policy is the administrator's own and stays.
policy=/usr/sbin/policy-rc.d
ours=
if [ ! -e $policy ]; then
	ours=yes
	printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
	$as_root chmod 755 $policy
	trap '$as_root rm -f $policy' EXIT
	trap 'exit 1' INT TERM
fi

install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install \
	    --yes --quiet --no-install-recommends \
	    -o DPkg::Lock::Timeout=300 $missing >"$lock/packages.log" 2>&1
}

# Old lists name files the archive no longer has: then ask again, once.
say "installing$missing"
known=yes
for package in $missing; do
	apt-cache show "$package" >/dev/null 2>&1 || known=
done
if [ -z "$known" ] || ! install; then
	$as_root apt-get update --quiet >"$lock/packages.log" 2>&1 || :
	if ! install; then
		tail -n 15 "$lock/packages.log" >&2
		say "apt-get could not install:$missing"
		exit 1
	fi
fi
