#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/courier_peer.h"

#include "base/codec.h"
#include "base/crypto.h"

#define TYPE_A 1
#define TYPE_MX 15
#define TYPE_TXT 16
#define TYPE_TLSA 52

static _Noreturn void
fail(const char *why, struct str what)
{
	fprintf(stderr, "peer: %s: %.*s\n", why, (int)what.len, what.at);
	_exit(1);
}

/* ---- names ---- */

static void
add_number(struct buf *out, unsigned number)
{
	buf_add_char(out, (char)(number >> 8));
	buf_add_char(out, (char)number);
}

static void
add_name(struct buf *out, struct str name)
{
	struct str label;

	while (name.len > 0 && !str_equal(name, STR("."))) {
		if (!str_split(&name, '.', &label))
			label = str_take(&name, name.len);
		buf_add_char(out, (char)label.len);
		buf_add(out, label);
	}
	buf_add_char(out, '\0');
}

/* The hash of our certificate as a DANE-EE record (RFC 6698 section 2.1). */
static void
add_pin(struct buf *out, const struct courier_names *names, bool bad)
{
	unsigned char hash[SHA256_SIZE];
	struct str pem = names->cert, line;
	struct buf text, der;

	buf_init(&text, 8192);
	buf_init(&der, 8192);
	while (str_split(&pem, '\n', &line))
		if (!str_starts(line, STR("-----")))
			buf_add(&text, line);
	if (!base64_decode(&der, buf_str(&text)))
		fail("certificate", buf_str(&text));
	crypto_sha256(buf_str(&der), hash);
	hash[0] ^= bad;
	buf_add(out, str_from("\3\0\1", 3));
	buf_add(out, str_from(hash, sizeof hash));
	buf_drop(&text);
	buf_drop(&der);
}

/* Add the data of a record; returns its type, 0 for one that is none. */
static unsigned
add_data(struct buf *out, const struct courier_names *names, struct str rest)
{
	struct str word;
	char ip[16];

	if (!str_split(&rest, ' ', &word))
		word = str_take(&rest, rest.len);
	if (str_equal(word, STR("A"))) {
		(void)snprintf(ip, sizeof ip, "%.*s", (int)rest.len, rest.at);
		buf_space(out, 4);
		if (inet_pton(AF_INET, ip, out->at + out->len) != 1)
			fail("address", rest);
		buf_grew(out, 4);
		return TYPE_A;
	}
	if (str_equal(word, STR("MX"))) {
		str_split(&rest, ' ', &word);
		add_number(out, (unsigned)strtoul(word.at, NULL, 10));
		add_name(out, rest);
		return TYPE_MX;
	}
	if (str_equal(word, STR("TXT"))) {
		buf_add_char(out, (char)rest.len);
		buf_add(out, rest);
		return TYPE_TXT;
	}
	if (str_equal(word, STR("PIN")) || str_equal(word, STR("BADPIN"))) {
		add_pin(out, names, str_at(word, 0) == 'B');
		return TYPE_TLSA;
	}
	if (str_equal(word, STR("ODDPIN"))) {
		buf_add(out, str_from("\1\0\1\2\3\4", 6));
		return TYPE_TLSA;
	}
	return 0;
}

struct question {
	struct str name;	/* lower case, dotted */
	unsigned type;
	size_t len;		/* of the question section */
};

struct found {
	bool name, failed;
	unsigned count;
};

/* Take a line of the zone into the answer, if it is about the question. */
static void
add_line(struct buf *out, const struct courier_names *names,
	const struct question *q, struct str line, struct found *found)
{
	struct str owner, pin = STR("_25._tcp."), data;
	struct buf name, raw;
	unsigned type;

	buf_init(&name, 300);
	if (str_skip_word(&line, names->later ? STR("FIRST ") :
	    STR("LATER ")))
		line = STR("");
	else
		(void)str_skip_word(&line, names->later ? STR("LATER ") :
		    STR("FIRST "));
	if (str_split(&line, ' ', &owner) && str_starts(owner, pin)) {
		str_take(&owner, pin.len);
		buf_add_format(&name, "_%u._tcp.", names->port);
	}
	buf_add(&name, owner);
	buf_init(&raw, 9000);
	if (str_same(buf_str(&name), q->name)) {
		found->name = true;
		if (str_starts(line, STR("SERVFAIL")))
			found->failed = true;
		type = add_data(&raw, names, line);
		data = buf_str(&raw);
		if (type == q->type && type != 0) {
			found->count++;
			buf_add(out, str_from("\xc0\x0c", 2));
			add_number(out, type);
			add_number(out, 1);
			buf_add(out, str_from("\0\0\0\x3c", 4));
			add_number(out, (unsigned)data.len);
			buf_add(out, data);
		}
	}
	buf_drop(&raw);
	buf_drop(&name);
}

static bool
read_question(struct str packet, struct question *q, char name[256])
{
	size_t at = 12, len = 0, label, i;

	while (str_at(packet, at) > 0 && len < 255) {
		label = (size_t)str_at(packet, at++);
		for (i = 0; i < label && len < 254; i++)
			name[len++] = (char)char_lower(str_at(packet, at++));
		name[len++] = '.';
	}
	q->name = str_from(name, len > 0 ? len - 1 : 0);
	q->type = (unsigned)(str_at(packet, at + 1) << 8 |
	    str_at(packet, at + 2));
	q->len = at + 5 - 12;
	return at + 5 <= packet.len;
}

/* Returns: the type that was asked for. */
static unsigned
answer(struct buf *out, const struct courier_names *names, struct str packet)
{
	struct found found = { false, false, 0 };
	struct str zone = str_of(names->zone), line;
	struct question q;
	unsigned flags;
	char name[256];

	if (!read_question(packet, &q, name))
		return 0;
	buf_add(out, str_part(packet, 0, 12 + q.len));
	while (str_split(&zone, '\n', &line))
		add_line(out, names, &q, line, &found);
	flags = 0x8180 | (names->ad ? 0x20 : 0) |
	    (found.failed ? 2 : found.name ? 0 : 3);
	out->at[2] = (char)(flags >> 8);
	out->at[3] = (char)flags;
	out->at[4] = out->at[6] = 0;
	out->at[5] = 1;
	out->at[7] = (char)found.count;
	memset(out->at + 8, 0, 4);
	return q.type;
}

_Noreturn void
courier_peer_names(const struct courier_names *names)
{
	struct courier_names now = *names;
	struct sockaddr_in from;
	socklen_t len;
	unsigned type;
	char packet[2000];
	struct buf out;
	ssize_t got;

	buf_init(&out, 65536);
	for (;;) {
		len = sizeof from;
		got = recvfrom(names->fd, packet, sizeof packet, 0,
		    (struct sockaddr *)(void *)&from, &len);
		if (got < 17)
			continue;
		buf_clear(&out);
		type = answer(&out, &now, str_from(packet, (size_t)got));
		now.later = now.later || type == TYPE_TXT;
		(void)sendto(names->fd, out.at, out.len, 0,
		    (struct sockaddr *)(void *)&from, len);
	}
}

/* ---- mail ---- */

struct serving {
	int fd;			/* -1: no connection */
	struct tls_server *server;
	struct tls *tls;
	struct buf in;
};

static void
wait_for(const struct serving *s, short events)
{
	struct pollfd p = { .fd = s->fd, .events = events };

	(void)poll(&p, 1, 20000);
}

static void
shake(struct serving *s)
{
	enum tls_result result;

	s->tls = tls_begin(s->server, s->fd);
	while ((result = tls_handshake(s->tls)) != TLS_OK) {
		if (result == TLS_FAILED || result == TLS_CLOSED)
			return;
		wait_for(s, result == TLS_WANT_READ ? POLLIN : POLLOUT);
	}
}

static void
put(struct serving *s, struct str text)
{
	size_t sent;

	while (text.len > 0) {
		if (s->tls != NULL)
			(void)tls_write(s->tls, text, &sent);
		else
			sent = (size_t)send(s->fd, text.at, text.len,
			    MSG_NOSIGNAL);
		if (sent > text.len)
			fail("cannot send", text);
		str_take(&text, sent);
		if (text.len > 0)
			wait_for(s, POLLOUT);
	}
}

/* More input; false when the client is gone. */
static bool
fill(struct serving *s)
{
	enum tls_result result = TLS_OK;
	size_t got = 0;
	ssize_t len;

	must(buf_space(&s->in, 65536) != NULL);
	while (s->tls != NULL && got == 0 &&
	    result != TLS_CLOSED && result != TLS_FAILED) {
		result = tls_read(s->tls, s->in.at + s->in.len, 65536, &got);
		if (result == TLS_WANT_READ)
			wait_for(s, POLLIN);
	}
	if (s->tls == NULL) {
		wait_for(s, POLLIN);
		len = recv(s->fd, s->in.at + s->in.len, 65536, 0);
		got = len > 0 ? (size_t)len : 0;
	}
	buf_grew(&s->in, got);
	return got > 0;
}

static void
want_line(struct serving *s, struct str prefix)
{
	struct str in, line;

	while (in = buf_str(&s->in), !str_split(&in, '\n', &line))
		if (!fill(s))
			fail("nothing came for", prefix);
	if (!str_starts(line, prefix)) {
		fprintf(stderr, "peer: wanted %.*s\n", (int)prefix.len,
		    prefix.at);
		fail("but came", str_trim(line));
	}
	buf_eat(&s->in, line.len + 1);
}

static void
want_text(struct serving *s, struct str number)
{
	size_t want = (size_t)strtoul(number.at, NULL, 10), at;
	struct str end = STR("\r\n.\r\n");

	while (at = str_find_str(buf_str(&s->in), end), at == STR_NONE)
		if (!fill(s))
			fail("the text has no end", number);
	if (at + 2 != want) {
		fprintf(stderr, "peer: %zu bytes, not ", at + 2);
		fail("wanted", number);
	}
	buf_eat(&s->in, at + end.len);
}

static void
hang_up(struct serving *s)
{
	tls_drop(s->tls);
	s->tls = NULL;
	close(s->fd);
	s->fd = -1;
	buf_clear(&s->in);
}

static void
want_bytes(struct serving *s, struct str number)
{
	size_t want = (size_t)strtoul(number.at, NULL, 10);

	while (s->in.len < want)
		if (!fill(s))
			fail("not so many bytes came", number);
}

static void
want_headers(struct serving *s)
{
	struct str end = STR("\r\n\r\n");
	size_t at;

	while (at = str_find_str(buf_str(&s->in), end), at == STR_NONE)
		if (!fill(s))
			fail("no end of", STR("headers"));
	buf_eat(&s->in, at + end.len);
}

/* In one go: a client that has left refuses the second. */
static void
put_line(struct serving *s, struct str step)
{
	struct buf line;

	buf_init(&line, step.len + 2);
	buf_add(&line, step);
	buf_add_text(&line, "\r\n");
	put(s, buf_str(&line));
	buf_drop(&line);
}

static void
play(struct serving *s, struct str step)
{
	struct str rest = step;

	if (str_skip(&rest, '>'))
		want_line(s, rest);
	else if (str_skip(&rest, '.'))
		want_text(s, rest);
	else if (str_skip_word(&rest, STR("hear ")))
		want_bytes(s, rest);
	else if (str_equal(step, STR("tls")))
		shake(s);
	else if (str_equal(step, STR("noise")))
		(void)fill(s), put(s, STR("what is TLS?\r\n"));
	else if (str_equal(step, STR("headers")))
		want_headers(s);
	else if (str_equal(step, STR("wait")))
		while (fill(s))
			buf_clear(&s->in);
	else
		put_line(s, step);
	if (str_equal(step, STR("noise")) || str_equal(step, STR("wait")))
		hang_up(s);
}

_Noreturn void
courier_peer_serve(int listening, const char *script,
	const struct tls_pair *pair)
{
	struct serving s = { .fd = -1 };
	struct str rest = str_of(script), step;
	struct pollfd p = { .fd = listening, .events = POLLIN };

	buf_init(&s.in, 16 << 20);
	if (tls_server_open(&s.server, pair, 1, false) != 0)
		fail("no TLS", rest);
	while (str_split(&rest, '\n', &step)) {
		if (s.fd < 0 && poll(&p, 1, 20000) == 1)
			s.fd = accept(listening, NULL, NULL);
		if (s.fd < 0)
			fail("nobody came for", step);
		if (str_equal(step, STR("close")))
			hang_up(&s);
		else
			play(&s, step);
	}
	if (s.fd >= 0)
		hang_up(&s);
	_exit(0);
}
