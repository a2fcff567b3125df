#!/bin/sh
# Make the pinned source files of one library available.
#
# usage: fetch.sh NAME
#
# Prints "KIND PATH" for each kind deps.lock lists for NAME. A file is taken
# from SOURCES (a folder of tarballs), from the cache, or from the package
# archives this machine already uses, and its hash is checked every time.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
name=$1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pillarbox/sources
mkdir -p "$cache"

say() { echo "fetch: $*" >&2; }

is_intact() { # FILE SHA256
	[ -f "$1" ] && echo "$2  $1" | sha256sum --check --status
}

# The archives apt knows, without the trailing slash.
archives() {
	command -v apt-get >/dev/null || return 0
	apt-get indextargets --format '$(REPO_URI)' 2>/dev/null |
	    grep '^http' | sed 's,/*$,,' | sort -u
}

download() { # URL FILE SHA256
	part=$2.$$
	/usr/lib/apt/apt-helper -q -o APT::Sandbox::User=root \
	    -o Acquire::Retries=2 download-file \
	    "$1" "$part" "SHA256:$3" >/dev/null 2>&1 || :
	if is_intact "$part" "$3"; then
		mv "$part" "$2"
		return 0
	fi
	rm -f "$part" "$part.FAILED"
	return 1
}

# One locked file into the cache.
obtain() { # FILE FOLDER SHA256
	is_intact "$cache/$1" "$3" && return 0
	if is_intact "${SOURCES:-/nonexistent}/$1" "$3"; then
		cp "$SOURCES/$1" "$cache/$1.$$"
		mv "$cache/$1.$$" "$cache/$1"
		return 0
	fi
	[ -z "${SOURCES:-}" ] || return 1
	escaped=$(echo "$1" | sed 's/+/%2b/g; s/~/%7e/g')
	for archive in $(archives); do
		for pool in pool pool/updates; do
			download "$archive/$pool/$2/$escaped" "$cache/$1" "$3" &&
			    return 0
		done
	done
	return 1
}

# When every listed Debian revision has left the pool: the revision that the
# signed index of the archive names now. It is trusted as the compiler is,
# which came through the same signature, and only patches are taken from it.
obtain_current() { # VERSION
	for archive in $(archives); do
		work=$(mktemp -d)
		mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
		echo "deb-src $archive trixie main" >"$work/list"
		apt="-o Dir::Etc::sourcelist=$work/list -o Dir::Cache=$work/cache
		    -o Dir::Etc::sourceparts=- -o Dir::State::lists=$work/lists
		    -o APT::Sandbox::User=root"
		line=$(apt-get $apt update >/dev/null 2>&1 &&
		    apt-get $apt source --print-uris --only-source \
		    "$name/trixie" 2>/dev/null | grep '\.debian\.tar') || line=
		rm -rf "$work"
		set -- "$1" $line
		[ $# -eq 5 ] || continue
		case $3 in
		"${name}_$1-"*) ;;
		*) continue ;;
		esac
		url=$(echo "$2" | tr -d "'")
		if download "$url" "$cache/$3" "${5#SHA256:}"; then
			say "no locked revision of $name is left in the" \
			    "archive; using $3 (${5#SHA256:})"
			found=$cache/$3
			return 0
		fi
	done
	return 1
}

version=$(awk -v n="$name" '$1 == n { print $2; exit }' "$here/deps.lock")
kinds=$(awk -v n="$name" '$1 == n { print $3 }' "$here/deps.lock" | uniq)
[ -n "$kinds" ] || { say "$name is not in deps.lock"; exit 1; }
exec 9>"$cache/.lock"
flock 9
for kind in $kinds; do
	found=
	lines=$(mktemp)
	awk -v n="$name" -v k="$kind" '$1 == n && $3 == k' \
	    "$here/deps.lock" >"$lines"
	while read -r _ _ _ file folder hash; do
		if obtain "$file" "$folder" "$hash"; then
			found=$cache/$file
			break
		fi
	done <"$lines"
	rm -f "$lines"
	if [ -z "$found" ] && [ "$kind" = patches ] && [ -z "${SOURCES:-}" ]; then
		obtain_current "$version" || :
	fi
	if [ -z "$found" ]; then
		say "cannot get the $kind of $name $version; put one of these" \
		    "into a folder and set SOURCES to it:"
		awk -v n="$name" -v k="$kind" '$1 == n && $3 == k {
			print "  " $4 "  sha256 " $6 }' "$here/deps.lock" >&2
		exit 1
	fi
	echo "$kind $found"
done
