#!/bin/sh
# Unpack a Debian package and the libraries it asks for beside the system, for
# one that cannot be installed next to another (OpenSMTPD next to Postfix).
#
# usage: unpack.sh PACKAGE
#
# Prints the folder. It stays in the cache, so it is fetched once.
set -eu

cache=${XDG_CACHE_HOME:-$HOME/.cache}/pillarbox/unpacked
folder=$cache/$1
if [ ! -d "$folder" ]; then
	mkdir -p "$cache"
	part=$(mktemp -d "$cache/.part.XXXXXX")
	trap 'rm -rf "$part"' EXIT
	libraries=$(apt-cache depends "$1" |
	    sed -n 's/^ *Depends: \(lib[a-z0-9.+-]*\)$/\1/p' | grep -vx libc6)
	mkdir "$part/deb" "$part/root"
	# shellcheck disable=SC2086 # one word each
	(cd "$part/deb" && apt-get download "$1" $libraries >/dev/null 2>&1) || {
		echo "unpack: apt-get could not fetch $1" >&2
		exit 1
	}
	for deb in "$part"/deb/*.deb; do
		dpkg-deb -x "$deb" "$part/root"
	done
	chmod 755 "$part/root"
	mv "$part/root" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
echo "$folder"
