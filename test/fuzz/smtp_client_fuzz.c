/*
 * The sending machine against any server: however what the server says is
 * cut, the same is said and decided; every recipient is decided in the end,
 * in words that are fit for a header; nobody has the letter before a 250 to
 * its last byte; TLS begins with nothing unsent, also when all that the server
 * says comes at once. The first byte chooses setup and letter.
 */
#include "talk/smtp_args.h"
#include "talk/smtp_client.h"

#define OUT_MAX (1 << 24)
#define LETTERS 3
#define BODY STR("Subject: x\r\n\r\n.\r\nHi.\r\n")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct shell {
	struct smtp_client client;
	struct smtp_client_setup setup;
	struct smtp_letter letter;
	struct smtp_client_recipient recipients[3];
	size_t sent;			/* letters */
	size_t body_at;
	bool bytewise;
	bool hasty;			/* all of the script comes at once */
	struct str script, in;
	size_t shown;			/* bytes of in that came so far */
};

static void
shell_init(struct shell *s, unsigned flags, struct str script)
{
	*s = (struct shell){ .script = script };
	s->setup = (struct smtp_client_setup){
		.host = STR("box.example.test"),
		.tls = (enum smtp_client_tls)(flags & 3),
		.chunks = (flags & 4) != 0,
		.verified = true,
		.user = (flags & 8) != 0 ? STR("me") : STR(""),
		.secret = STR("secret"),
	};
	s->recipients[0].address = STR("a@mail.example");
	s->recipients[1].address = STR("\303\244@mail.example");
	s->recipients[2].address = STR("c@mail.example");
	s->recipients[2].notify = SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE;
	s->letter = (struct smtp_letter){
		.sender = STR("shop@example.test"),
		.recipients = s->recipients,
		.count = 3,
		.size = 20,
		.has_8bit = (flags & 16) != 0,
		.utf8 = (flags & 32) != 0,
		.require_tls = (flags & 64) != 0,
		.ret = SMTP_RET_FULL,
	};
}

static void
check_outcome(const struct smtp_outcome *o)
{
	struct str said = str_of(o->said);
	size_t i;

	must(o->fate != SMTP_UNDECIDED);
	must(o->status[0] == (o->fate == SMTP_DELIVERED ? 2u :
	    o->fate == SMTP_TEMPORARY ? 4u : 5u));
	must(o->fate != SMTP_DELIVERED || o->code / 100 == 2);
	must(!o->unknown || o->fate == SMTP_TEMPORARY);
	for (i = 0; i < said.len; i++)
		must(said.at[i] >= ' ' && said.at[i] < 127);
}

static void
tell_outcomes(struct shell *s, struct buf *out)
{
	const struct smtp_outcome *o;
	size_t i;

	for (i = 0; s->sent > 0 && i < s->letter.count; i++) {
		o = &s->recipients[i].outcome;
		check_outcome(o);
		buf_add_format(out, "{%d %u %s %d}", o->fate, o->code,
		    o->said, o->unknown);
	}
}

/* The next line of the script, or the end of the connection. */
static void
feed(struct shell *s)
{
	size_t end;

	must(s->shown == s->in.len);
	end = str_find(s->script, 0, '\n');
	if (s->script.len == 0) {
		smtp_client_lost(&s->client, "The connection was lost");
		return;
	}
	end = end == STR_NONE || s->hasty ? s->script.len : end + 1;
	/* what is left of the last line stands right before */
	s->in.at = s->script.at - s->in.len;
	s->in.len += end;
	str_take(&s->script, end);
}

static void
ready(struct shell *s, struct buf *out)
{
	tell_outcomes(s, out);
	if (s->sent == LETTERS) {
		s->sent = 0;
		smtp_client_quit(&s->client);
		return;
	}
	s->sent++;
	s->body_at = 0;
	smtp_client_send(&s->client, &s->letter);
}

static bool
answer(struct shell *s, enum smtp_client_ask ask, struct buf *out)
{
	struct str piece;

	switch (ask) {
	case SMTP_CLIENT_MORE:
		if (s->shown == s->in.len)
			feed(s);
		break;
	case SMTP_CLIENT_DRAIN:
		break;
	case SMTP_CLIENT_STARTTLS:
		must(s->client.out.len == 0);
		smtp_client_secured(&s->client, true);
		break;
	case SMTP_CLIENT_READY:
		ready(s, out);
		break;
	case SMTP_CLIENT_DOWNGRADE:
		smtp_client_downgraded(&s->client, (enum
		    smtp_client_downgrade)(s->sent % 3), 30);
		break;
	case SMTP_CLIENT_BODY:
		piece = str_part(BODY, s->body_at, 7);
		s->body_at += piece.len;
		smtp_client_body(&s->client, piece, s->body_at == BODY.len);
		break;
	case SMTP_CLIENT_BYE:
		tell_outcomes(s, out);
		if (s->client.trouble != SMTP_CLIENT_FINE)
			check_outcome(&s->client.session);
		return false;
	}
	return true;
}

/* All is sent before the server is heard. */
static void
send_out(struct shell *s, struct buf *out)
{
	buf_add(out, buf_str(&s->client.out));
	buf_clear(&s->client.out);
}

static void
run(struct shell *s, struct buf *out)
{
	enum smtp_client_ask ask;
	struct str view;
	bool going;

	smtp_client_init(&s->client, &s->setup);
	do {
		if (s->shown < s->in.len)
			s->shown = s->bytewise ? s->shown + 1 : s->in.len;
		view = str_part(s->in, 0, s->shown);
		ask = smtp_client_step(&s->client, &view);
		str_take(&s->in, s->shown - view.len);
		s->shown = view.len;
		if (ask != SMTP_CLIENT_STARTTLS)
			send_out(s, out);
		going = answer(s, ask, out);
	} while (going);
	smtp_client_drop(&s->client);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, cut;
	struct shell s;
	size_t i;

	if (size < 1)
		return 0;
	buf_init(&whole, OUT_MAX);
	buf_init(&cut, OUT_MAX);
	shell_init(&s, data[0], str_from(data + 1, size - 1));
	run(&s, &whole);
	shell_init(&s, data[0], str_from(data + 1, size - 1));
	s.bytewise = true;
	run(&s, &cut);
	must(!whole.full && str_equal(buf_str(&whole), buf_str(&cut)));
	buf_clear(&cut);
	shell_init(&s, data[0], str_from(data + 1, size - 1));
	s.hasty = true;
	run(&s, &cut);
	/* a chunk may well end between CR and LF */
	for (i = 0; i < whole.len && !s.setup.chunks; i++)
		must(whole.at[i] != '\n' || (i > 0 &&
		    whole.at[i - 1] == '\r'));
	buf_drop(&whole);
	buf_drop(&cut);
	return 0;
}
