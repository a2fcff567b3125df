/* What reaches the standard error, byte for byte. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

int log_test(void);

static int saved_fd, pipe_fd;

/* Have the standard error go into a pipe. */
static void
catch(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	saved_fd = dup(STDERR_FILENO);
	assert_true(saved_fd >= 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	pipe_fd = ends[0];
}

/* Give what was written meanwhile, as a C string in line. */
static size_t
caught(char *line, size_t size)
{
	size_t len;
	ssize_t got;

	assert_true(dup2(saved_fd, STDERR_FILENO) >= 0);
	close(saved_fd);
	len = 0;
	while ((got = read(pipe_fd, line + len, size - 1 - len)) > 0)
		len += (size_t)got;
	close(pipe_fd);
	line[len] = '\0';
	return len;
}

static void
test_line(void **state)
{
	char line[4096];

	(void)state;
	log_open("keeper", LOG_INFO);
	catch();
	errno = 42;
	log_event(LOG_DEBUG, "not-seen", LOG_N("n", 1));
	log_event(LOG_INFO, "message-stored", LOG_S("id", STR("a1-B2")),
	    LOG_N("size", 0), LOG_N("least", INT64_MIN),
	    LOG_C("to", "a+b@example.test"), LOG_C("none", NULL));
	log_fields(LOG_ERROR, "bare", NULL, 0);
	log_open("keeper", LOG_NONE);
	log_fields(LOG_ERROR, "silent", NULL, 0);
	assert_int_equal(errno, 42);
	caught(line, sizeof line);
	assert_string_equal(line,
	    "level=info role=keeper event=message-stored id=a1-B2 size=0 "
	    "least=-9223372036854775808 to=a+b@example.test none=\"\"\n"
	    "level=error role=keeper event=bare\n");
}

static void
test_quoting(void **state)
{
	static const struct {
		struct str text;
		const char *seen;
	} cases[] = {
		{ { "a b", 3 }, "\"a b\"" },
		{ { "a\nlevel=error", 13 }, "\"a\\x0alevel=error\"" },
		{ { "\r\n\t\0\x1b\x7f", 6 },
		    "\"\\x0d\\x0a\\x09\\x00\\x1b\\x7f\"" },
		{ { "say \"x\"", 7 }, "\"say \\x22x\\x22\"" },
		{ { "\\x0a", 4 }, "\"\\x5cx0a\"" },
		{ { "gr\xc3\xbc\xc3\x9f", 6 }, "\"gr\xc3\xbc\xc3\x9f\"" },
		{ { "\xff\xc3", 2 }, "\"\\xff\\xc3\"" },
		{ { "\xed\xa0\x80", 3 }, "\"\\xed\\xa0\\x80\"" },
		/* C1 control, line separator, right-to-left marks */
		{ { "\xc2\x85", 2 }, "\"\\xc2\\x85\"" },
		{ { "\xe2\x80\xa8", 3 }, "\"\\xe2\\x80\\xa8\"" },
		{ { "\xe2\x80\xae", 3 }, "\"\\xe2\\x80\\xae\"" },
		{ { "\xe2\x81\xa7", 3 }, "\"\\xe2\\x81\\xa7\"" },
		/* their harmless neighbours */
		{ { "\xc2\xa0", 2 }, "\"\xc2\xa0\"" },
		{ { "\xe2\x80\xa7", 3 }, "\"\xe2\x80\xa7\"" },
		{ { "\xe2\x80\xaf", 3 }, "\"\xe2\x80\xaf\"" },
		{ { "\xe2\x81\xa5", 3 }, "\"\xe2\x81\xa5\"" },
		{ { "\xe2\x82\xa8", 3 }, "\"\xe2\x82\xa8\"" },
		{ { "a=b", 3 }, "\"a=b\"" },
	};
	char line[4096], want[4096];
	size_t i;

	(void)state;
	log_open("keeper", LOG_DEBUG);
	for (i = 0; i < countof(cases); i++) {
		catch();
		log_event(LOG_DEBUG, "e", LOG_S("k", cases[i].text));
		caught(line, sizeof line);
		snprintf(want, sizeof want,
		    "level=debug role=keeper event=e k=%s\n", cases[i].seen);
		assert_string_equal(line, want);
	}
}

/* Fill a value with unit and look how the line ends. */
static void
clip(const char *unit, const char *tail)
{
	char text[3000], line[4096];
	size_t len, unit_len;

	unit_len = strlen(unit);
	for (len = 0; len + unit_len <= sizeof text; len += unit_len)
		memcpy(text + len, unit, unit_len);
	catch();
	log_event(LOG_ERROR, "long", LOG_S("k", str_from(text, len)),
	    LOG_N("lost", 1));
	len = caught(line, sizeof line);
	assert_true(len <= 2000 && len > 2000 - 20);
	assert_string_equal(line + len - strlen(tail), tail);
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	assert_null(strstr(line, "lost"));
}

static void
test_clipping(void **state)
{
	(void)state;
	clip("a", "aaa...\n");
	clip("a b ", "...\"\n");
	clip("\n", "\\x0a...\"\n");
	clip("\xe2\x82\xac ", "...\"\n");
	clip("\xe2\x80\xa8", "\\xa8...\"\n");
}

static void
test_must(void **state)
{
	char line[4096];
	pid_t child;
	int status;

	(void)state;
	catch();
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		log_open("keeper", LOG_NONE);
		signal(SIGABRT, SIG_DFL);
		must(1 + 1 == 3);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	caught(line, sizeof line);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(line, "event=impossible"));
	assert_non_null(strstr(line, "cond=\"1 + 1 == 3\"\n"));
}

int
log_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_clipping),
		cmocka_unit_test(test_must),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
