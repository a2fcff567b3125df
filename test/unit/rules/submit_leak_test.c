/* Forms of the main address that any program might write or read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/submit_part.h"
#include "submit_world.h"
#include "vector.h"

int submit_leak_test(void);

/* With owner.private@example.test as the main address and shop the login. */
static enum submit_leak
leak_of(struct str text)
{
	struct submit_policy policy;
	struct submit_job job;
	enum submit_leak leak;
	const char *why;

	policy = submit_usual;
	policy.main_address = STR("owner.private@example.test");
	policy.mailbox = STR("owner");
	submit_job_init(&job, &policy, NULL);
	assert_int_equal(addr_mailbox(STR("shop@example.test"), &job.chosen,
	    &why), ADDR_OK);
	leak = submit_leak(&job, text);
	submit_job_drop(&job);
	return leak;
}

static void
test_found(void **state)
{
	static const char *const main[] = {
		"owner.private@example.test", "<owner@other.example>",
		"OWNER.Private\t@\texample.test",
		"owner . private @ example . test",
		"Hello. owner .private@example.test",
		"\"owner\\.private\"@example.test",
		"\"owner.private\" @example.test",
		"\"owner\".\"private\"@example.test",
		"\"\\o\\w\\n\\e\\r\"@example.test",
		"owner%2Eprivate%40example%2etest",
		"owner%252Eprivate%2540example.test",
		"mailto:%6Fwner@example.test",
		"name*=utf-8''owner%40example.test",
		"name*0=\"owner.pri\"; name*1=\"vate@exam\"; "
		    "name*2=\"ple.test\"",
		"name*1*=vate%40example.test;\tx=y; name*0*=utf-8''owner.pri",
		"name*0=\"a;owner%4\" ; NAME*1=\"0example.test\"",
		"owner\xef\xbc\xa0" "example.test",
		"owner\xef\xb9\xab" "example\xe3\x80\x82test",
		"\xef\xbd\x8f\xef\xbd\x97\xef\xbd\x8e\xef\xbd\x85\xef\xbd\x92"
		    "@example.test",
		"ow\xc2\xadner@example.test",
		"owner@ex\xe2\x80\x8b" "ample.test",
		"ow%E2%80%8Bner@example.test",
		"owner\xe2\x81\xa0@\xe2\x81\xa0" "example.test",
		"owner\xc2\xa0@example.test",
		"=?UTF-8?Q?own?= =?UTF-8?B?ZXJAZXhhbXBsZS50ZXN0?=",
		"=?UTF-8?Q?owner=EF=BC=A0example=2Etest?=",
		"owner(a)@(b)example(c).test", "\"x\"owner@example.test",
		"%41.owner@b, (owner@example.test)", "\\owner@example.test",
		"owner@example.test.", "x=owner@example.test",
	};
	static const char *const none[] = {
		"", "@", "owner", "owner at example.test", "owner@", "@ @",
		"owner@foreign.example", "owner@example.testing",
		"owner@example.test-x", "shop@example.test",
		"\"shop\" @ example.test", "a*0=b; a*1=c", "*=;*0=;=*0", "%",
		"%4", "%zz@%", "a*99999999999999999999=b", "name*0=owner@exam",
	};
	static const char *const other[] = {
		"coowner@example.test", "owner-x@example.test",
		"x.owner@example.test", "a%40example.test",
		"x @ other . example", "a@mine.example",
	};
	size_t i;

	(void)state;
	for (i = 0; i < countof(main); i++)
		if (leak_of(vector_guard(str_of(main[i]))) != SUBMIT_LEAK_MAIN)
			fail_msg("not seen: %s", main[i]);
	for (i = 0; i < countof(none); i++)
		if (leak_of(vector_guard(str_of(none[i]))) != SUBMIT_LEAK_NONE)
			fail_msg("seen: %s", none[i]);
	for (i = 0; i < countof(other); i++)
		if (leak_of(vector_guard(str_of(other[i]))) !=
		    SUBMIT_LEAK_OTHER)
			fail_msg("misjudged: %s", other[i]);
}

/* More pieces than are joined, and as many as that. */
static void
test_pieces(void **state)
{
	struct buf text;
	unsigned i;

	(void)state;
	buf_init(&text, 10000);
	buf_add_text(&text, "x");
	for (i = 0; i < 62; i++)
		buf_add_format(&text, "; a*%u=b", i);
	buf_add_text(&text, "; a*62=\"=owner@exam\"; a*63=ple.test");
	assert_int_equal(leak_of(vector_guard(buf_str(&text))),
	    SUBMIT_LEAK_MAIN);
	buf_add_text(&text, "; b*0=owner; b*1=@example.test");
	assert_int_equal(leak_of(vector_guard(buf_str(&text))),
	    SUBMIT_LEAK_MAIN);
	buf_drop(&text);
}

int
submit_leak_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests_name("rules/submit_leak", tests,
	    NULL, NULL);
}
