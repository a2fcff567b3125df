#!/bin/sh
# Build the release binary twice, in two folders, and compare.
set -eu

cd "$(dirname "$0")/.."
TARGET=${TARGET:-amd64}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git ls-files -z --cached --others --exclude-standard |
    tar --null -T - -cf "$work/tree.tar"
for copy in one a/longer/way; do
	mkdir -p "$work/$copy"
	tar -xf "$work/tree.tar" -C "$work/$copy"
	make --no-print-directory -C "$work/$copy" TARGET="$TARGET" BUILD=build \
	    >"$work/log" 2>&1 || {
		tail -n 30 "$work/log"
		exit 1
	}
done
cd "$work"
sha256sum "one/build/$TARGET/pillarbox" "a/longer/way/build/$TARGET/pillarbox"
cmp "one/build/$TARGET/pillarbox" "a/longer/way/build/$TARGET/pillarbox"
echo "$TARGET: identical"
