/* APPEND, MULTIAPPEND and REPLACE: texts that go by. */
#include "talk/imap_world.h"

int imap_text_test(void);

static void
test_append(void **state)
{
	(void)state;
	world_play(world_inside(), STR("a APPEND box {5}\r\nhello\r\n"),
	    "{take APPEND mailbox=<box> 0 size=5 flags=0}\n+ Go on.\r\n"
	    "hello{end}\n{do APPEND mailbox=<box>}\na OK Done.\r\n");
	world_play(world_inside(), STR("a APPEND {3+}\r\nb\"x (\\Seen work) "
	    "\" 1-Feb-2026 01:02:03 +0100\" ~{2+}\r\n\0\r\r\nb NOOP\r\n"),
	    "{take APPEND mailbox=<b\"x> 0 size=2 flags=1+work "
	    "date=1769904123 literal8}\n");
}

int
imap_text_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
	};

	return cmocka_run_group_tests_name("talk/imap_text", tests, NULL,
	    NULL);
}
