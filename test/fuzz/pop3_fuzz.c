/*
 * A client of POP3 that says anything. However its bytes are cut, the server
 * says the same, in whole lines; it takes no password in clear; and what it
 * counts is what is there.
 *
 * The first byte of the input sets the scene, the rest is what the client
 * says, up to a STLS that is granted.
 */
#include "talk/pop3.h"

#include <stdlib.h>

#define MESSAGES 3
#define OUT_MAX (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

struct scene {
	bool tls, refused, commit_fails, open_fails;
	size_t feed, piece;	/* bytes at once */
};

static struct str
message(size_t index)
{
	switch (index) {
	case 0:
		return STR(".\r\n\r\n..\r\n\r\n.");
	case 1:
		return STR("Subject: one\r\n\r\none\r\n.two\r\n\r\nthree\r\n");
	default:
		return STR("A: b\r\n");
	}
}

static void
log_in(struct pop3 *p, const struct scene *scene)
{
	struct pop3_item *items;
	size_t i;

	must(p->tls && p->user.len > 0 && p->secret.len > 0);
	if (scene->refused) {
		pop3_login(p, POP3_REFUSED, NULL, 0, 0);
		must(p->user.at == NULL && p->secret.at == NULL);
		return;
	}
	items = xalloc(MESSAGES, sizeof *items);
	for (i = 0; i < MESSAGES; i++) {
		items[i].size = message(i).len;
		items[i].uid = (uint32_t)i + 1;
	}
	pop3_login(p, POP3_WELCOME, items, MESSAGES, 1);
	must(p->secret.at == NULL);
}

static void
give(struct pop3 *p, const struct scene *scene)
{
	struct str text = message(p->index);
	bool fails = scene->open_fails && p->index > 0;

	must(!p->items[p->index].deleted);
	if (fails)
		text = str_part(text, 0, p->index == 1 ? 14 : 0);
	while (text.len > 0 && pop3_body(p, str_take(&text, scene->piece)))
		;
	pop3_body_end(p, fails);
}

static void
check_counts(const struct pop3 *p)
{
	uint64_t octets = 0;
	size_t i, count = 0;

	for (i = 0; i < p->count; i++) {
		if (p->items[i].deleted)
			continue;
		octets += p->items[i].size;
		count++;
	}
	must(count == p->left_count && octets == p->left_octets);
}

/* Go on; false when the session is over. */
static bool
go_on(struct pop3 *p, struct str *in, const struct scene *scene,
	struct buf *told)
{
	enum pop3_ask ask;

	do {
		ask = pop3_step(p, in);
		check_counts(p);
		must(!p->out.full && p->errors <= POP3_ERRORS_MAX);
		buf_add(told, buf_str(&p->out));
		buf_clear(&p->out);
		if (ask == POP3_LOGIN)
			log_in(p, scene);
		else if (ask == POP3_OPEN)
			give(p, scene);
		else if (ask == POP3_COMMIT)
			pop3_committed(p, !scene->commit_fails);
	} while (ask != POP3_MORE && ask != POP3_BYE && ask != POP3_STARTTLS);
	return ask == POP3_MORE;
}

static void
play(struct str input, const struct scene *scene, struct buf *told)
{
	struct str in = str_part(input, 0, 0);
	struct pop3 p;

	buf_init(told, OUT_MAX);
	pop3_init(&p, scene->tls, true);
	do {
		in = str_from(in.at, in.len +
		    str_part(input, (size_t)(in.at - input.at) + in.len,
		    scene->feed).len);
	} while (go_on(&p, &in, scene, told) &&
	    in.at + in.len < input.at + input.len);
	pop3_drop(&p);
}

/* Every line ends with CRLF, and neither byte stands elsewhere. */
static void
check_lines(struct str told)
{
	struct str line;

	while (str_split(&told, '\n', &line)) {
		must(str_ends(line, STR("\r")));
		must(str_find(line, 0, '\r') == line.len - 1);
		must(str_find(line, 0, '\0') == STR_NONE);
	}
	must(told.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
	struct str input = str_from(at, len);
	struct buf whole, trickled;
	struct scene scene;
	int set;

	if (len == 0)
		return 0;
	set = str_at(input, 0);
	str_take(&input, 1);
	scene = (struct scene){ .tls = !(set & 1), .refused = set & 2,
	    .commit_fails = set & 4, .open_fails = set & 8,
	    .feed = len, .piece = len };
	play(input, &scene, &whole);
	scene.feed = scene.piece = 1 + (size_t)set / 16;
	play(input, &scene, &trickled);
	must(str_equal(buf_str(&whole), buf_str(&trickled)));
	check_lines(buf_str(&whole));
	buf_drop(&whole);
	buf_drop(&trickled);
	return 0;
}
