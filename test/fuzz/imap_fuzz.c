/*
 * A client of IMAP that says anything. However its bytes are cut, the server
 * says the same and understands the same commands; it takes no password in
 * clear; before a login it takes no more than it may; and what it was given of
 * a message is what the shell sees.
 *
 * The first byte of the input sets the scene, the rest is what the client
 * says, up to a STARTTLS that is granted.
 */
#include "talk/imap_dump.h"

#include <string.h>

#define OUT_MAX (16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);

struct scene {
	bool clear, inside, selected, refused, refuse_texts;
	unsigned enabled;
	size_t feed;	/* bytes at once */
};

static void
log_in(struct imap *m, const struct scene *scene)
{
	must(m->tls && m->user.len > 0 && m->secret.len > 0);
	imap_login(m, scene->refused ? IMAP_REFUSED : IMAP_WELCOME);
	must(m->secret.at == NULL);
}

/* What every command must be, whatever was said. */
static void
check_command(const struct imap *m)
{
	must(m->command.tag.len > 0 && m->command.verb < IMAP_VERBS);
	must(m->command.arena.used <= IMAP_TREE_MAX);
	must((m->enabled & IMAP_ENABLED_UIDONLY) == 0 ||
	    m->command.uid || m->command.verb < IMAP_SEARCH);
}

static void
do_command(struct imap *m, struct buf *told)
{
	check_command(m);
	dump_command(told, &m->command);
	if (m->command.verb == IMAP_SELECT || m->command.verb == IMAP_EXAMINE)
		m->selected = true;
	if (m->command.verb == IMAP_CLOSE || m->command.verb == IMAP_UNSELECT)
		m->selected = false;
	imap_done(m, m->command.uid ? IMAP_NO : IMAP_OK, STR("X"), "Done.");
}

static void
take(struct imap *m, const struct scene *scene, struct buf *told)
{
	check_command(m);
	must(m->append.size > 0 && m->append.size <= m->append_limit);
	dump_command(told, &m->command);
	dump_append(told, &m->append);
	imap_take(m, scene->refuse_texts && m->append.number % 2 != 0 ?
	    IMAP_NO : IMAP_OK, STR("LIMIT"), "No.");
}

/* Answer an ask; false: more input is wanted, or all is over. */
static bool
answer(struct imap *m, enum imap_ask ask, const struct scene *scene,
	struct buf *told)
{
	switch (ask) {
	case IMAP_MORE:
	case IMAP_SECURE:
	case IMAP_BYE:
		return false;
	case IMAP_DRAIN:
		break;
	case IMAP_ENTER:
		log_in(m, scene);
		break;
	case IMAP_DO:
		do_command(m, told);
		break;
	case IMAP_TAKE:
		take(m, scene, told);
		break;
	case IMAP_TEXT:
		must(m->text.len > 0);
		buf_add(told, m->text);
		imap_text_used(m);
		break;
	case IMAP_TEXT_END:
	case IMAP_FORGET:
		buf_add_text(told, ask == IMAP_FORGET ? "{forget}" : "{end}");
		imap_text_used(m);
		break;
	}
	return true;
}

static void
begin(struct imap *m, const struct scene *scene)
{
	struct str in = STR("a LOGIN u p\r\n");

	imap_init(m, !scene->clear || scene->inside, true);
	m->append_limit = 5000;
	if (!scene->inside)
		return;
	must(imap_step(m, &in) == IMAP_ENTER);
	imap_login(m, IMAP_WELCOME);
	m->selected = scene->selected;
	m->enabled = scene->enabled;
}

static void
play(struct str input, const struct scene *scene, struct buf *told)
{
	struct str in = str_part(input, 0, 0);
	enum imap_ask ask;
	struct imap m;

	buf_init(told, OUT_MAX);
	begin(&m, scene);
	do {
		in = str_from(in.at, in.len +
		    str_part(input, (size_t)(in.at - input.at) + in.len,
		    scene->feed).len);
		do {
			ask = imap_step(&m, &in);
			must(!m.out.full);
			buf_add(told, buf_str(&m.out));
			buf_clear(&m.out);
		} while (answer(&m, ask, scene, told));
	} while (ask == IMAP_MORE && in.at + in.len < input.at + input.len);
	imap_drop(&m);
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
	scene = (struct scene){ .inside = (set & 3) != 0,
	    .selected = (set & 3) > 1, .clear = set & 4, .refused = set & 8,
	    .refuse_texts = set & 4,
	    .enabled = (set & 3) == 3 ? (unsigned)set >> 3 : 0,
	    .feed = len };
	play(input, &scene, &whole);
	scene.feed = 1 + (size_t)set / 64;
	play(input, &scene, &trickled);
	must(!whole.full);
	must(str_equal(buf_str(&whole), buf_str(&trickled)));
	buf_drop(&whole);
	buf_drop(&trickled);
	return 0;
}
