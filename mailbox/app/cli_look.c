/* Questions to the DNS for "check --outbound", one after the other. */
#include "app/cli_look.h"

#include "mail/puny.h"

#include <string.h>

#define TEXT_MAX (RESOLVE_RECORDS_MAX * RESOLVE_TEXT_MAX)

void
look_init(struct look *l, struct loop *loop, struct resolver *resolver)
{
	memset(l, 0, sizeof *l);
	l->loop = loop;
	l->resolver = resolver;
	buf_init(&l->text, TEXT_MAX);
}

void
look_drop(struct look *l)
{
	lookup_cancel(&l->lookup);
	buf_drop(&l->text);
}

/* Keep an answer that lives no longer than this call. */
static void
on_answer(struct lookup *lookup, const struct resolve_answer *answer)
{
	struct look *l = list_of(lookup, struct look, lookup);
	size_t i, at = 0;

	l->answer = *answer;
	buf_clear(&l->text);
	for (i = 0; i < answer->count; i++)
		buf_add(&l->text, answer->records[i].text);
	for (i = 0; i < answer->count; i++) {
		l->answer.records[i].text = str_part(buf_str(&l->text), at,
		    answer->records[i].text.len);
		at += answer->records[i].text.len;
	}
	l->loop->stop = true;
}

bool
look_up(struct look *l, enum resolve_type type, struct str name)
{
	struct buf labels;

	memset(&l->answer, 0, sizeof l->answer);
	l->answer.result = RESOLVE_NONE;
	buf_init(&labels, PUNY_DOMAIN_MAX);
	if (type == RESOLVE_PTR || puny_domain(&labels, name)) {
		l->lookup.done = on_answer;
		lookup_begin(l->resolver, &l->lookup, type,
		    type == RESOLVE_PTR ? name : buf_str(&labels));
		l->loop->stop = false;
		if (loop_run(l->loop) != 0) {
			lookup_cancel(&l->lookup);
			l->answer.result = RESOLVE_FAILED;
			l->answer.why = "the loop broke";
		}
	}
	buf_drop(&labels);
	return l->answer.result == RESOLVE_FOUND;
}

const char *
look_why(const struct look *l)
{
	switch (l->answer.result) {
	case RESOLVE_FOUND:
		return "found";
	case RESOLVE_EMPTY:
		return "the name has no such record";
	case RESOLVE_NONE:
		return "there is no such name";
	case RESOLVE_FAILED:
		return l->answer.why;
	}
	return "";
}
