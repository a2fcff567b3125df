/*
 * Address lists: what is read is well-formed, and what is composed of it
 * reads back the same.
 */
#include "mail/compose.h"
#include "mail/people.h"

#define OUT_MAX (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_person(const struct person *person)
{
	struct addr addr;
	const char *why;

	must(!person->name.full && !person->comment.full);
	must(str_is_utf8(buf_str(&person->name)));
	must(str_find(buf_str(&person->name), 0, '\n') == STR_NONE);
	must(str_find_str(buf_str(&person->name), STR("  ")) == STR_NONE);
	must(addr_mailbox(buf_str(&person->mailbox), &addr, &why) == ADDR_OK);
	must(addr.domain.len > 0);
}

/* Read a list and compose it anew; returns whether it was well-formed. */
static bool
compose_list(struct buf *out, struct str list)
{
	enum people_result found;
	struct people people;
	struct person person;
	struct compose c;
	const char *why;

	person_init(&person);
	people_begin(&people, list);
	compose_begin(&c, out, "To", true);
	while ((found = people_next(&people, &person, &why)) == PEOPLE_ONE) {
		check_person(&person);
		compose_person(&c, buf_str(&person.name),
		    buf_str(&person.mailbox));
	}
	compose_end(&c);
	person_drop(&person);
	must(!out->full);
	return found == PEOPLE_END;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice;
	struct str list;

	buf_init(&once, OUT_MAX);
	buf_init(&twice, OUT_MAX);
	(void)compose_list(&once, str_from(data, size));
	list = buf_str(&once);
	must(str_skip_word(&list, STR("To:")));
	must(compose_list(&twice, list));
	must(str_equal(buf_str(&once), buf_str(&twice)));
	buf_drop(&once);
	buf_drop(&twice);
	return 0;
}
