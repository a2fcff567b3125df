#!/bin/sh
# Build one pinned library for one target, once per machine and user.
#
# usage: library.sh TARGET NAME LINK
#
# The result lies in the user's cache under a key of everything that decides
# it: lock lines, recipe, files of ours named NAME_*, flags, compiler, and the
# keys of libraries that it needs. LINK is made to point at it. Two builds at a time are safe: the library is locked,
# work is done in a folder of its own, and renamed into place when complete.
set -eu

# make -n, -q and -t look and do not build.
flags=${MAKEFLAGS:-}
case ${flags%% *} in
-*) ;;
*[nqt]*) exit 0 ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
target=$1 name=$2 link=$3
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pillarbox
recipe=$here/recipe/$name.mk
[ -f "$recipe" ] || { echo "library: no recipe for $name" >&2; exit 1; }

variables() {
	make -s --no-print-directory -f "$here/recipe/compile.mk" \
	    NAME="$name" TARGET="$target" MUSL="${musl:-}" "$@"
}

# All but musl itself are built against the musl of the target.
musl=
if [ "$target" != host ] && [ "$name" != musl ]; then
	musl=$(dirname "$link")/musl
	"$0" "$target" musl "$musl"
	musl=$(readlink -f "$musl")
fi

# A recipe names under NEEDS whose headers it compiles against.
given= needed=
for need in $(sed -n 's/^NEEDS = //p' "$recipe"); do
	beside=$(dirname "$link")/$need
	"$0" "$target" "$need" "$beside"
	beside=$(readlink -f "$beside")
	given="$given NEED_$need=$beside"
	needed="$needed $(basename "$beside")"
done

cc=$(unset MAKEFLAGS MFLAGS; variables print-cc)
version=$($cc --version 2>/dev/null | head -n 1) || version=
if [ -z "$version" ]; then
	echo "library: the compiler for $target is missing: $cc" >&2
	exit 1
fi
key=$({
	echo "$target $version $(basename "${musl:-none}")$needed"
	grep "^$name " "$here/deps.lock"
	cat "$recipe" "$here/recipe/compile.mk" "$here/target.mk" "$0"
	cat "$here/${name}"_*.[ch] 2>/dev/null || :
} | sha256sum | cut -c 1-16)

place=$cache/library/$target/$name-$key
if [ ! -e "$place" ]; then
	mkdir -p "$cache/library/$target"
	exec 8>"$cache/library/$target/.$name.lock"
	flock 8
fi
if [ ! -e "$place" ]; then
	echo "  building $name for $target" >&2
	files=$("$here/fetch.sh" "$name")
	work=$(mktemp -d "$cache/library/.work-XXXXXX")
	trap 'rm -rf "$work"' EXIT
	mkdir -p "$work/tree" "$work/debian" "$work/out"
	echo "$files" | while read -r kind file; do
		case $kind in
		source) tar -xf "$file" -C "$work/tree" --strip-components 1 ;;
		patches) tar -xf "$file" -C "$work/debian" ;;
		esac
	done
	log=$cache/library/$target/$name.log
	if ! make -C "$work/tree" -f "$here/recipe/compile.mk" NAME="$name" \
	    TARGET="$target" MUSL="$musl" PLACE="$place" OUT="$work/out" $given \
	    PATCHES="$work/debian/debian/patches" install >"$log" 2>&1; then
		tail -n 30 "$log" >&2
		echo "library: $name for $target failed, see $log" >&2
		exit 1
	fi
	[ ! -d "$work/out$place" ] || mv "$work/out$place" "$work/whole"
	[ -d "$work/whole" ] || mv "$work/out" "$work/whole"
	if [ ! -s "$work/whole/$name.a" ] && [ ! -s "$work/whole/lib/libc.a" ]
	then
		echo "library: $name for $target came out empty, see $log" >&2
		exit 1
	fi
	mv "$work/whole" "$place"
fi
mkdir -p "$(dirname "$link")"
[ "$(readlink "$link")" = "$place" ] || ln -sfn "$place" "$link"
