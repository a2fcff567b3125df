#!/bin/sh
# The shape tests, tested: a small clean tree passes each of them, and each
# fault planted in it is found, with its file and line.
set -u

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# A tree that has a bit of everything and no fault.
clean_tree() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree/test" "$work/tree/mailbox/store"
	cd "$work/tree" || exit 1
	cp "$here"/*.sh "$here"/*.awk test
	mkdir mailbox/base mailbox/talk
	cat >mailbox/base/str.h <<'EOF'
/* A view. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stddef.h>

/* Count what is there. */
size_t str_count(const char *at);

#endif
EOF
	cat >mailbox/base/str.c <<'EOF'
#include "base/str.h"

#include <string.h>

static size_t
length_of(const char *at)
{
	return strlen(at);
}

size_t
str_count(const char *at)
{
	return length_of(at);
}
EOF
	cat >mailbox/talk/talk.c <<'EOF'
#include "base/str.h"

int
main(void)
{
	return (int)str_count("SELECT INBOX // no comment");
}
EOF
	cat >mailbox/store/db.c <<'EOF'
#include <stddef.h>

static const char *const sql = "SELECT a FROM b";

int
main(void)
{
	return sql == NULL;
}
EOF
}

expect() { # SCRIPT PLACE WHAT, after a fault was planted
	if out=$("test/$1.sh" . 2>&1); then
		failed=$((failed + 1))
		echo "FAILED $1.sh did not see: $3"
	elif ! echo "$out" | grep -q "^  $2"; then
		failed=$((failed + 1))
		echo "FAILED $1.sh did not name $2 for: $3"
		echo "$out" | sed 's/^/    /'
	else
		passed=$((passed + 1))
	fi
	clean_tree
}

add() { # FILE: standard input goes to its end
	mkdir -p "$(dirname "$1")"
	cat >>"$1"
}

repeat() { # COUNT LINE
	awk -v n="$1" -v s="$2" 'BEGIN { while (n-- > 0) print s }'
}

clean_tree
for script in floors pure style words; do
	if out=$("test/$script.sh" . 2>&1); then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED $script.sh refuses a clean tree:"
		echo "$out" | sed 's/^/    /'
	fi
done

# ---- floors ----
echo '#include "store/db.h"' | add mailbox/talk/talk.c
expect floors mailbox/talk/talk.c:8 'talk on store'
echo '# include "talk/talk.h"' | add mailbox/base/str.h
expect floors mailbox/base/str.h:11 'base on talk'
echo '#include "talk/talk.h"' | add mailbox/store/db.c
expect floors mailbox/store/db.c:10 'store beside talk'
add mailbox/extra/x.c </dev/null
expect floors mailbox/extra:1 'an unknown floor'
echo '#include <mbedtls/ssl.h>' | add mailbox/store/db.c
expect floors mailbox/store/db.c:10 'Mbed TLS in store'
echo '#include <sodium.h>' | add mailbox/store/db.c
expect floors mailbox/store/db.c:10 'libsodium in store/db.c'
echo '#include <libconfig.h>' | add mailbox/app/main.c
expect floors mailbox/app/main.c:1 'libconfig in app/main.c'
echo '#include "sqlite3.h"' | add mailbox/app/main.c
expect floors mailbox/app/main.c:1 'SQLite in app'
echo '#include <ares.h>' | add mailbox/net/tls.c
expect floors mailbox/net/tls.c:1 'c-ares in net/tls.c'
echo '#include <sys/socket.h>' | add mailbox/app/main.c
expect floors mailbox/app/main.c:1 'a socket header in app'
echo '#include <time.h>' | add mailbox/talk/talk.c
expect floors mailbox/talk/talk.c:8 'time.h in the pure wing'
echo 'int f(void) { return socket(1, 1, 0); }' | add mailbox/app/main.c
expect floors mailbox/app/main.c:1 'a socket in app'
echo 'int f(void) { return (int)time(NULL); }' | add mailbox/app/main.c
expect floors mailbox/app/main.c:1 'the clock in app'
echo 'const char *s = "DELETE FROM a";' | add mailbox/app/main.c
expect floors mailbox/app/main.c:1 'SQL in app'

# ---- pure ----
sed -i 's/strlen(at)/(size_t)getpid()/; 3a int getpid(void);' \
    mailbox/base/str.c
expect pure mailbox/base/str.c:1 'a system call in the pure wing'
echo '#include <unistd.h>
int f(void); int f(void) { return pipe2(0, 0); }' | add mailbox/base/str.c
expect pure mailbox/base/str.c:1 'a GNU function in the pure wing'
echo 'int broken' | add mailbox/base/str.c
expect pure mailbox/base/str.c:1 'no C at all'

# ---- words ----
printf 'see /ro%s/x\n' ot | add mailbox/store/notes
expect words mailbox/store/notes:1 'a path of one machine'
printf 'de%s.debian.org\n' b | add mailbox/store/notes
expect words mailbox/store/notes:1 'an archive'

# ---- style ----
repeat 1 "/* $(repeat 75 x | tr -d '\n') */" | add mailbox/base/str.c
expect style mailbox/base/str.c:16 'a line of 81 columns'
printf '\t\t\t\t\t\t\t\t\t/* tabs */\n' | add mailbox/base/str.c
expect style mailbox/base/str.c:16 'a line wide by its tabs'
echo 'int x; ' | add mailbox/base/str.c
expect style mailbox/base/str.c:16 'space at the end'
printf '        int x;\n' | add mailbox/base/str.c
expect style mailbox/base/str.c:16 'spaces that indent'
repeat 500 '' | add mailbox/base/str.c
expect style mailbox/base/str.c:500 'a long file'
echo 'int x; // no' | add mailbox/base/str.c
expect style mailbox/base/str.c:16 'a // comment'
printf '/* TO%s: more */\n' DO | add mailbox/base/str.c
expect style mailbox/base/str.c:16 'something left to do'
{
	printf 'static int\nlong_one(void)\n{\n'
	repeat 68 '	;'
	printf '}\n'
} | add mailbox/base/str.c
expect style mailbox/base/str.c:17 'a function of 71 lines'
printf 'static int\nf(int a, int b, int c,\n    int d, int e, int g)\n{\n}\n' |
    add mailbox/base/str.c
expect style mailbox/base/str.c:17 'six parameters'
printf 'static int\nf(int a)\n{\n%s\n}\n' \
    '	while (a) {
		if (a) {
			while (a) {
				if (a) {
				}
			}
		}
	}' | add mailbox/base/str.c
expect style mailbox/base/str.c:22 'deep nesting'
printf 'static int f(int a)\n{\n}\n' | add mailbox/base/str.c
expect style mailbox/base/str.c:17 'a name behind its type'
printf 'static void\nf(char *a)\n{\n\tstrcpy(a, "b");\n}\n' |
    add mailbox/base/str.c
expect style mailbox/base/str.c:19 'a banned function'
echo 'typedef struct s s;' | add mailbox/base/str.c
expect style mailbox/base/str.c:16 'a typedef of a struct'
sed -i 's/BASE_STR_H/STR_H/' mailbox/base/str.h
expect style mailbox/base/str.h:1 'a wrong guard'
sed -i 1d mailbox/base/str.c
sed -i '2a #include "base/str.h"' mailbox/base/str.c
expect style mailbox/base/str.c:2 'own header not first'
sed -i /stddef/d mailbox/base/str.h
expect style mailbox/base/str.h:1 'a header that needs another'
printf 'int\nunused(void)\n{\n}\n' | add mailbox/base/str.c
expect style mailbox/base/str.c:1 'a dead function'
sed -i 's/str_count/0 *(int)*/' mailbox/talk/talk.c
expect style mailbox/base/str.c:1 'a function only its test uses'
sed -i 's/^static size_t$/size_t/' mailbox/base/str.c
expect style mailbox/base/str.c:1 'a function public for nobody'
echo mailbox/base/str.c | add test/awaited
expect style test/awaited:1 'a file that waits for nobody'

echo "shape: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
