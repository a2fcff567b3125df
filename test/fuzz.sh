#!/bin/sh
# Drive every fuzz target of a folder for FUZZ_SECONDS each.
#
# usage: fuzz.sh FOLDER
#
# What is found stays beside the target: new inputs in NAME.corpus, a crash in
# NAME.crash-*. An input worth keeping goes to test/fuzz/corpus/NAME.
set -u

folder=$1
failed=0
for fuzzer in "$folder"/*; do
	[ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
	name=$(basename "$fuzzer")
	mkdir -p "$fuzzer.corpus"
	dict=test/fuzz/dict/$name.dict
	[ -f "$dict" ] && dict=-dict=$dict || dict=
	echo "$name: ${FUZZ_SECONDS:-30} s"
	if ! "$fuzzer" "$fuzzer.corpus" "test/fuzz/corpus/$name" $dict \
	    -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -print_final_stats=1 \
	    -artifact_prefix="$fuzzer." >"$fuzzer.log" 2>&1; then
		tail -n 40 "$fuzzer.log"
		failed=$((failed + 1))
	fi
	sed -n 's/^stat::number_of_executed_units: */  executed: /p' \
	    "$fuzzer.log"
done
echo "$failed fuzz targets failed"
[ "$failed" -eq 0 ]
