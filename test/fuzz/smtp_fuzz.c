/*
 * The SMTP machine: however the input is cut, the same is replied, asked and
 * stored. Replies are whole lines of at most 512 bytes, stored text is whole
 * lines without NUL, messages are opened, stored and taken back in order, and
 * no buffer passes its cap. Where the owner submits, no password is taken in
 * clear, no message before a login, and nobody elsewhere is asked about. The
 * first two bytes choose the policy, what the shell answers, and the cut.
 */
#include "talk/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TOLD_MAX (1 << 24)
#define REPLY_MAX 512		/* RFC 5321 section 4.5.3.1.5 */
#define ROOM_MAX(max) (2 * (size_t)(max))

struct shell {
	struct smtp smtp;
	struct smtp_policy policy;
	unsigned choice;
	bool holding;
	bool secure, welcome;
	struct buf message;
	struct buf told;
};

/* Whether s is nothing but whole lines, each at most max bytes. */
static bool
is_lines(struct str s, size_t max)
{
	struct str line;

	while (str_split(&s, '\n', &line)) {
		if (line.len + 1 > max || line.len == 0)
			return false;
		if (str_find_break(line, 0) != line.len - 1)
			return false;
		if (str_at(line, line.len - 1) != '\r')
			return false;
	}
	return s.len == 0;
}

static enum smtp_verdict
choose(const struct shell *shell, unsigned shift)
{
	/* Mostly yes, so that sessions get somewhere. */
	switch (shell->choice >> shift & 7) {
	case 5:
		return SMTP_REFUSE;
	case 6:
		return SMTP_FULL;
	case 7:
		return SMTP_LATER;
	default:
		return SMTP_ACCEPT;
	}
}

static void
check_caps(const struct shell *shell)
{
	const struct smtp *s = &shell->smtp;

	must(s->out.room <= ROOM_MAX(SMTP_OUT_STOP + 2048));
	must(s->piece.room <= ROOM_MAX(PIECE_SIZE));
	must(s->piece.len <= PIECE_SIZE);
	must(s->recipients.room <= ROOM_MAX(PIECE_SIZE));
	must(s->canonical.room <= ROOM_MAX(PIECE_SIZE));
	must(s->recipient_count <= SMTP_RECIPIENTS_MAX);
	must(s->wishes.room <= ROOM_MAX(PIECE_SIZE));
	must(s->secret.room == 0 || s->asked == SMTP_LOGIN);
	must(s->helo.len <= SMTP_HELO_MAX);
	must(s->errors <= SMTP_ERRORS_MAX);
	must(!s->out.full && !s->piece.full && !s->reverse_path.full);
}

static void
take_replies(struct shell *shell)
{
	must(is_lines(buf_str(&shell->smtp.out), REPLY_MAX));
	buf_add(&shell->told, buf_str(&shell->smtp.out));
	buf_clear(&shell->smtp.out);
}

static void
log_in(struct shell *shell)
{
	struct smtp *s = &shell->smtp;
	int how = str_at(buf_str(&s->secret), 0);

	must(shell->policy.submission && shell->secure && !shell->welcome);
	must(s->user.len > 0 && s->secret.len > 0);
	buf_add(&shell->told, buf_str(&s->user));
	buf_add(&shell->told, buf_str(&s->secret));
	shell->welcome = how == 'r';
	smtp_login(s, how == 'r' ? SMTP_WELCOME : how == 'l' ?
	    SMTP_LOGIN_LATER : SMTP_LOGIN_REFUSED);
}

/* How many names a list holds, each ended by NUL. */
static size_t
list_count(const struct buf *list)
{
	struct str rest = buf_str(list), one;
	size_t count = 0;

	while (str_split(&rest, '\0', &one))
		count++;
	must(rest.len == 0);
	return count;
}

static void
check_lists(const struct smtp *s)
{
	must(s->recipient_count > 0);
	must(list_count(&s->recipients) == s->recipient_count);
	must(list_count(&s->canonical) == s->recipient_count);
	must(list_count(&s->wishes) ==
	    (s->policy->submission ? s->recipient_count : 0));
}

static void
judge_recipient(struct shell *shell)
{
	struct str recipient = shell->smtp.recipient;
	struct addr addr;
	const char *why;

	must(addr_mailbox(recipient, &addr, &why) == ADDR_OK);
	must(domains_hold(shell->policy.domains, addr.domain));
	buf_add(&shell->told, recipient);
	smtp_judged(&shell->smtp, choose(shell, 0));
}

static void
open_message(struct shell *shell)
{
	enum smtp_verdict verdict = choose(shell, 3);

	must(!shell->holding);
	must(!shell->policy.submission || shell->welcome);
	check_lists(&shell->smtp);
	buf_add(&shell->told, buf_str(&shell->smtp.reverse_path));
	buf_add(&shell->told, buf_str(&shell->smtp.recipients));
	buf_add(&shell->told, buf_str(&shell->smtp.canonical));
	buf_add(&shell->told, buf_str(&shell->smtp.wishes));
	buf_add(&shell->told, buf_str(&shell->smtp.envid));
	buf_clear(&shell->message);
	smtp_opened(&shell->smtp, verdict, STR("id"), 1);
	shell->holding = verdict == SMTP_ACCEPT;
	must((shell->smtp.piece.len > 0) ==
	    (shell->holding && !shell->policy.submission));
}

static void
store_message(struct shell *shell)
{
	must(shell->holding);
	shell->holding = false;
	buf_add(&shell->message, buf_str(&shell->smtp.piece));
	must(shell->smtp.size == shell->message.len);
	must(is_lines(buf_str(&shell->message), SIZE_MAX));
	buf_add(&shell->told, buf_str(&shell->message));
	if (choose(shell, 6) == SMTP_REFUSE)
		smtp_refused(&shell->smtp, "550 5.6.0 Not like this");
	else
		smtp_stored(&shell->smtp, choose(shell, 6));
}

/* Answer an ask; false when the session is over. */
static bool
answer(struct shell *shell, enum smtp_ask ask)
{
	switch (ask) {
	case SMTP_MORE:
	case SMTP_DRAIN:
		return true;
	case SMTP_STARTTLS:
		/* What stands behind it is taken for what came in TLS. */
		must(!shell->secure);
		shell->secure = true;
		smtp_secured(&shell->smtp, STR("TLSv1.3"), STR("cipher"));
		break;
	case SMTP_LOGIN:
		log_in(shell);
		break;
	case SMTP_RCPT:
		judge_recipient(shell);
		break;
	case SMTP_OPEN:
		open_message(shell);
		break;
	case SMTP_PIECE:
		must(shell->holding && shell->smtp.piece.len == PIECE_SIZE);
		buf_add(&shell->message, buf_str(&shell->smtp.piece));
		smtp_pieced(&shell->smtp, SMTP_ACCEPT);
		break;
	case SMTP_STORE:
		store_message(shell);
		break;
	case SMTP_ABORT:
		must(shell->holding);
		shell->holding = false;
		break;
	case SMTP_BYE:
		must(!shell->holding);
		return false;
	}
	buf_add_char(&shell->told, (char)('A' + (int)ask));
	return true;
}

/* Let the session run dry; false when it is over. */
static bool
feed(struct shell *shell, struct str *in)
{
	uint64_t progress = shell->smtp.progress;
	enum smtp_ask ask;

	do {
		ask = smtp_step(&shell->smtp, in);
		check_caps(shell);
		take_replies(shell);
		if (!answer(shell, ask))
			return false;
	} while (ask != SMTP_MORE);
	must(shell->smtp.progress >= progress);
	return true;
}

static void
run(struct shell *shell, struct str input, size_t step)
{
	size_t from = 0, to = 0;
	struct str in;
	bool going = true;

	smtp_init(&shell->smtp, &shell->policy, STR("192.0.2.1"));
	if (shell->secure)
		smtp_secure_from_start(&shell->smtp, STR("TLSv1.3"),
		    STR("cipher"));
	buf_init(&shell->told, TOLD_MAX);
	buf_init(&shell->message, TOLD_MAX);
	while (going && to < input.len) {
		to = step < input.len - to ? to + step : input.len;
		in = str_part(input, from, to - from);
		going = feed(shell, &in);
		from = to - in.len;
	}
	if (going)
		smtp_close(&shell->smtp, "4.4.2 Idle for too long");
	in = str_part(input, from, 0);
	must(!going || !feed(shell, &in));
	must(!shell->told.full);
	smtp_drop(&shell->smtp);
	buf_drop(&shell->message);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str names[] = {
		{ "example.test", 12 }, { "b.example", 9 }
	};
	static const struct str listed[] = { { "@c.example", 10 } };
	const struct domains domains = { names, 2, size % 2 == 0 };
	struct shell whole = { .choice = 0 }, cut = { .choice = 0 };
	size_t step;

	if (size < 2)
		return 0;
	whole.choice = data[0] | (unsigned)data[1] << 8;
	step = 1 + data[1] / 8;
	whole.policy = (struct smtp_policy){
		.host = STR("mx.example.test"),
		.domains = &domains,
		.size_max = data[1] & 1 ? 100 : 1000000,
		.line_max = data[1] & 2 ? 20 : 1000,
		.tls = data[1] & 4,
		.own_sender_refused = data[1] & 8,
		.submission = data[1] & 128,
		.listed = listed,
		.listed_count = data[1] & 16 ? 1 : 0,
	};
	whole.secure = (data[1] & 192) == 192;
	cut = whole;
	run(&whole, str_from(data + 2, size - 2), size);
	run(&cut, str_from(data + 2, size - 2), step);
	must(str_equal(buf_str(&whole.told), buf_str(&cut.told)));
	buf_drop(&whole.told);
	buf_drop(&cut.told);
	return 0;
}
