/* The IMAP machine: from greeting to goodbye. */
#include "talk/imap_world.h"

int imap_test(void);

#define EARLY "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE "
#define SAFE EARLY "AUTH=PLAIN AUTH=LOGIN"
#define CLEAR EARLY "LOGINDISABLED"
#define HELLO "* OK [CAPABILITY " SAFE "] IMAP at your service.\r\n"
#define LATE_WORDS "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE " \
	"NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN LIST-EXTENDED " \
	"LIST-STATUS SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE CONDSTORE " \
	"QRESYNC ESEARCH SEARCHRES WITHIN SORT THREAD=REFERENCES " \
	"THREAD=ORDEREDSUBJECT I18NLEVEL=1 BINARY MULTIAPPEND REPLACE " \
	"OBJECTID SAVEDATE PREVIEW UTF8=ACCEPT UIDONLY QUOTA " \
	"QUOTA=RES-STORAGE INPROGRESS APPENDLIMIT=1000"

static void
test_login(void **state)
{
	struct world w = world_secure();

	(void)state;
	w.login = IMAP_WELCOME;
	world_play(w, STR("a1 login owner {6+}\r\nse ret\r\na2 CAPABILITY\r\n"
	    "a3 noop\r\na4 Logout\r\n"),
	    HELLO "{enter owner se ret}\n"
	    "a1 OK [CAPABILITY " LATE_WORDS "] Welcome.\r\n"
	    "* CAPABILITY " LATE_WORDS "\r\na2 OK That is what we can do.\r\n"
	    "{do NOOP}\na3 OK Done.\r\n"
	    "* BYE Goodbye.\r\na4 OK As you wish.\r\n{bye}\n");
}

int
imap_test(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login),
	};

	return cmocka_run_group_tests_name("talk/imap", tests, NULL, NULL);
}
