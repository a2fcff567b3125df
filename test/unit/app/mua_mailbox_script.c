#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/mua_mailbox_script.h"

#define LETTER "From: a@example.test\r\nSubject: one\r\n\r\ntext\r\n"

/* Whether text is the pattern; *at gets how much of it was. */
static bool
is_like(struct str text, struct str pattern, size_t *at)
{
	size_t i = 0, n;
	int c;

	for (n = 0; n < pattern.len; n++) {
		*at = i;
		c = str_at(pattern, n);
		if (c == '\n' && str_at(text, i++) != '\r')
			return false;
		if (c == '#') {
			if (!char_is_digit(str_at(text, i)))
				return false;
			while (char_is_digit(str_at(text, i)))
				i++;
		} else if (str_at(text, i++) != c) {
			return false;
		}
	}
	*at = i;
	return i == text.len;
}

void
script_ask(struct imap_client *c, const char *ask, const char *reply)
{
	const char *said = imap_client_ask(c, ask);
	size_t at = 0;

	if (reply != NULL && !is_like(str_of(said), str_of(reply), &at))
		fail_msg("%s\nis answered\n%sand not\n%s\nfrom octet %zu on",
		    ask, said, reply, at);
}

void
script_play(struct imap_client *c, const struct exchange *exchanges,
	size_t count)
{
	size_t n;

	for (n = 0; n < count; n++)
		script_ask(c, exchanges[n].ask, exchanges[n].reply);
}

void
script_begin(struct script_world *s, unsigned letters)
{
	imap_world_begin(&s->w, NULL);
	while (letters-- > 0)
		(void)imap_world_letter(&s->w, BOX_INBOX, LETTER);
	imap_client_enter(&s->c, &s->w);
	script_ask(&s->c, "SELECT INBOX", NULL);
	script_ask(&s->c, "UNSELECT", NULL);
}

void
script_end(struct script_world *s)
{
	imap_client_close(&s->c);
	imap_world_end(&s->w);
}
