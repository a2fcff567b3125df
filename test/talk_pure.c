/*
 * Plays the scripts of test/talk against the pure machines, each in four
 * ways; what the server says must be the same in all of them.
 *
 * usage: talk_pure FILE...
 */
#include <stdio.h>
#include <string.h>

#include "talk_script.h"
#include "talk_world.h"

static const struct way ways[] = {
	{ "whole", WORLD_TEXT_MAX, 0, PIECE_SIZE, false },
	{ "byte by byte", 1, 0, 1, false },
	{ "glued", WORLD_TEXT_MAX, 0, PIECE_SIZE, true },
	{ "trickled", 100, 3, 50, false },
};

struct play {
	const char *file;
	const struct talk_script *script;
	size_t next;		/* of the script's lines */
	size_t said;		/* C lines before this were given already */
	struct world world;
	struct str message;	/* what M lines have not looked at */
	struct buf all;		/* everything the server said */
	bool failed;
};

static void
fail(struct play *p, const char *what, struct str text)
{
	size_t i;
	int c;

	p->failed = true;
	printf("%s:%u: %s: %s", p->file, p->script->lines[p->next].at,
	    p->world.way->name, what);
	for (i = 0; i < text.len && i < 200; i++) {
		c = str_at(text, i);
		if (c < 32 || c > 126)
			printf("\\x%02x", (unsigned)c);
		else
			putchar(c);
	}
	putchar('\n');
}

/* Cut a line off; false when there is none. */
static bool
take_line(struct play *p, struct str *from, struct str *line)
{
	size_t end = str_find_str(*from, STR("\r\n"));

	if (end == STR_NONE)
		return false;
	*line = str_take(from, end);
	str_take(from, 2);
	if (str_find(*line, 0, '\n') != STR_NONE)
		fail(p, "bare LF: ", *line);
	return true;
}

static bool
fits(const struct talk_line *wanted, struct str line)
{
	if (wanted->how == '=')
		return str_equal(line, buf_str(&wanted->text));
	return str_starts(line, buf_str(&wanted->text));
}

/* One S or M line. */
static void
match(struct play *p, const struct talk_line *wanted, struct str *from)
{
	struct str line = STR("");

	do {
		if (!take_line(p, from, &line)) {
			fail(p, "missing: ", buf_str(&wanted->text));
			return;
		}
	} while (wanted->how == '~' && !fits(wanted, line));
	if (!fits(wanted, line))
		fail(p, "other than wanted: ", line);
}

static void
match_reply(struct play *p, const struct talk_line *wanted)
{
	struct buf *told = &p->world.told;
	struct str rest;

	world_flush(&p->world);
	rest = buf_str(told);
	match(p, wanted, &rest);
	buf_add(&p->all, str_part(buf_str(told), 0, told->len - rest.len));
	buf_eat(told, told->len - rest.len);
}

/* Nothing may be left unread when something new begins. */
static void
match_end(struct play *p)
{
	if (p->world.talk == WORLD_NONE)
		return;
	world_flush(&p->world);
	if (p->world.told.len > 0)
		fail(p, "said more: ", buf_str(&p->world.told));
	p->message = STR("");
}

/* Whether anything changes but by what client and server say. */
static bool
is_talk(enum talk_word word)
{
	return word == TALK_CLIENT || word == TALK_SERVER;
}

static void
say(struct play *p, const struct talk_line *line)
{
	const struct talk_line *lines = p->script->lines;
	size_t i = p->next;

	if (p->next < p->said)
		return;
	world_say(&p->world, buf_str(&line->text));
	if (!p->world.way->glued)
		return;
	while (++i < p->script->count && is_talk(lines[i].word))
		if (lines[i].word == TALK_CLIENT)
			world_say(&p->world, buf_str(&lines[i].text));
	p->said = i;
}

static void
arrive(struct play *p, const struct talk_line *line)
{
	struct buf message;
	uint64_t i;

	for (i = 0; i < line->numbers[0]; i++) {
		buf_init(&message, WORLD_TEXT_MAX);
		talk_canned(&message, p->world.count + 1, line->numbers[1]);
		world_arrive(&p->world, message);
	}
}

/* kept: gone must be false for those named, true for all others. */
static void
check_gone(struct play *p, const struct talk_line *line)
{
	bool named[WORLD_MESSAGES_MAX + 1] = { false };
	size_t i;

	for (i = 0; i < line->count; i++) {
		if (line->numbers[i] < 1 ||
		    line->numbers[i] > p->world.count) {
			fail(p, "no such message", STR(""));
			return;
		}
		named[line->numbers[i]] = true;
	}
	for (i = 1; i <= p->world.count && !p->failed; i++)
		if (line->word == TALK_KEPT ?
		    named[i] == p->world.gone[i - 1] :
		    named[i] && !p->world.gone[i - 1])
			fail(p, named[i] ? "should be kept or gone: one named" :
			    "should be gone: one not named", STR(""));
}

static void
set_store(struct play *p, struct str how)
{
	if (str_equal(how, STR("fails")))
		p->world.store = SMTP_LATER;
	else if (str_equal(how, STR("full")))
		p->world.store = SMTP_FULL;
	else if (str_equal(how, STR("works")))
		p->world.store = SMTP_ACCEPT;
	else
		fail(p, "fails, full or works", STR(""));
}

static void
begin(struct play *p, const struct talk_line *line)
{
	match_end(p);
	if (line->word == TALK_POP3)
		world_pop3(&p->world, line->tls);
	else if (line->word == TALK_SUBMISSION)
		world_submission(&p->world, line->tls);
	else
		world_smtp(&p->world, line->tls);
}

static void
match_message(struct play *p, const struct talk_line *line)
{
	if (p->message.len == 0 && p->world.count > 0)
		p->message = buf_str(&p->world.messages[p->world.count - 1]);
	match(p, line, &p->message);
}

static void
play_line(struct play *p, const struct talk_line *line)
{
	struct world *w = &p->world;

	switch (line->word) {
	case TALK_POP3:
	case TALK_SMTP:
	case TALK_SUBMISSION:
		begin(p, line);
		break;
	case TALK_CLIENT:
		say(p, line);
		break;
	case TALK_SERVER:
		match_reply(p, line);
		break;
	case TALK_MESSAGE:
		match_message(p, line);
		break;
	case TALK_CLOSED:
		match_end(p);
		if (!w->over)
			fail(p, "still open", STR(""));
		break;
	case TALK_STARTTLS:
		match_end(p);
		if (!world_secure(w))
			fail(p, "does not wait for TLS", STR(""));
		break;
	case TALK_MAIL:
		arrive(p, line);
		break;
	case TALK_KEPT:
	case TALK_DELETED:
		check_gone(p, line);
		break;
	case TALK_STORED:
		if (w->stored != line->numbers[0])
			fail(p, "stored another number", STR(""));
		break;
	case TALK_STORE:
		set_store(p, buf_str(&line->text));
		break;
	case TALK_LOGIN:
		w->login_busy = str_equal(buf_str(&line->text), STR("busy"));
		break;
	case TALK_REFUSE:
		world_close(w, buf_str(&line->text), SMTP_REFUSE);
		break;
	case TALK_MUTE:
		world_close(w, buf_str(&line->text), SMTP_ACCEPT);
		break;
	case TALK_WAIT:
		world_wait(w, line->numbers[0]);
		break;
	case TALK_SIZE:
		w->policy.size_max = line->numbers[0];
		break;
	case TALK_OWN_SENDERS:
		w->policy.own_sender_refused = false;
		break;
	case TALK_SUBDOMAINS:
		w->domains.subdomains = true;
		break;
	}
}

/* Play in one way; what the server said goes to p->all. */
static void
play_script(struct play *p, const struct way *way)
{
	world_init(&p->world, way);
	buf_init(&p->all, WORLD_TEXT_MAX);
	for (; p->next < p->script->count && !p->failed; p->next++)
		play_line(p, &p->script->lines[p->next]);
	if (!p->failed && p->next > 0) {
		p->next--;
		match_end(p);
	}
	world_drop(&p->world);
}

static bool
play_ways(const char *file, const struct talk_script *script)
{
	static struct play first, play;
	bool good = true;
	size_t i;

	for (i = 0; i < countof(ways) && good; i++) {
		play = (struct play){ .file = file, .script = script };
		play_script(&play, &ways[i]);
		if (i == 0)
			first.all = play.all;
		else if (!play.failed && !str_equal(buf_str(&play.all),
		    buf_str(&first.all)))
			fail(&play, "said something else than whole",
			    STR(""));
		good = !play.failed;
		if (i > 0)
			buf_drop(&play.all);
	}
	buf_drop(&first.all);
	return good;
}

static bool
read_file(const char *name, struct buf *text)
{
	FILE *file = fopen(name, "rb");
	char *at;
	size_t n;

	if (file == NULL)
		return false;
	do {
		at = buf_space(text, 4096);
		must(at != NULL);
		n = fread(at, 1, 4096, file);
		buf_grew(text, n);
	} while (n > 0);
	fclose(file);
	return true;
}

static bool
play_file(const char *name)
{
	struct talk_script script = { 0 };
	const char *why = "cannot be read";
	struct buf text;
	unsigned at = 1;
	bool good;

	buf_init(&text, WORLD_TEXT_MAX);
	good = read_file(name, &text) &&
	    talk_read(&script, buf_str(&text), &at, &why);
	if (!good)
		printf("%s:%u: %s\n", name, at, why);
	else
		good = play_ways(name, &script);
	talk_drop(&script);
	buf_drop(&text);
	return good;
}

int
main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (play_file(argv[i]))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
