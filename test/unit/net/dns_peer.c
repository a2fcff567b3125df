#include "net/dns_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD 12
#define REPLY_MAX 65535

static void
number_add(struct buf *out, unsigned number)
{
	buf_add_char(out, (char)(number >> 8 & 0xff));
	buf_add_char(out, (char)(number & 0xff));
}

/* A name of text in the form of the wire; "." and "" are the root. */
static void
name_add(struct buf *out, const char *text)
{
	struct str name = str_of(text), label;

	while (name.len > 0) {
		if (!str_split(&name, '.', &label)) {
			label = name;
			name.len = 0;
		}
		if (label.len == 0)
			continue;
		buf_add_char(out, (char)label.len);
		buf_add(out, label);
	}
	buf_add_char(out, '\0');
}

static void
record_add(struct buf *out, const struct dns_record *record)
{
	struct buf data;

	buf_init(&data, REPLY_MAX);
	if (record->type == DNS_MX)
		number_add(&data, record->preference);
	if (record->host != NULL)
		name_add(&data, record->host);
	else
		buf_add(&data, str_from(record->data, record->len));
	if (record->owner != NULL)
		name_add(out, record->owner);
	else
		number_add(out, 0xC000 | HEAD);
	number_add(out, record->type);
	number_add(out, 1);
	number_add(out, 0);
	number_add(out, 300);
	number_add(out, (unsigned)data.len);
	buf_add(out, buf_str(&data));
	buf_drop(&data);
}

/* Keep the question: its name as text, its type, its length. */
static void
question_read(struct dns_peer *peer)
{
	size_t at = HEAD, len = 0;
	unsigned label;

	while ((label = peer->question[at++]) != 0) {
		must(label < 64 && at + label < peer->question_len);
		memcpy(peer->name + len, peer->question + at, label);
		len += label;
		at += label;
		peer->name[len++] = '.';
	}
	peer->name[len > 0 ? len - 1 : 0] = '\0';
	peer->type = peer->question[at] * 256u + peer->question[at + 1];
	peer->question_len = at + 4;
}

static void
reply_write(const struct dns_peer *peer, struct buf *out, bool udp)
{
	const struct dns_script *script = peer->script;
	bool cut = script->tc && udp;
	size_t count = cut ? 0 : script->count, i;

	if (count > 0)
		count += script->times;
	buf_add(out, str_from(peer->question, 2));
	number_add(out, 0x8180 | (cut ? 0x200 : 0) | (script->ad ? 0x20 : 0) |
	    script->rcode);
	number_add(out, 1);
	number_add(out, (unsigned)count);
	number_add(out, 0);
	number_add(out, 0);
	for (i = HEAD; i < peer->question_len; i++)
		buf_add_char(out, (char)(script->small_letters ?
		    char_lower(peer->question[i]) : peer->question[i]));
	for (i = 0; i < count; i++)
		record_add(out, &script->records[i < script->count ? i :
		    script->count - 1]);
}

static void
udp_ready(struct watch *w, unsigned events)
{
	struct dns_peer *peer = list_of(w, struct dns_peer, udp);
	struct sockaddr_in from;
	socklen_t from_len = sizeof from;
	struct buf out;
	ssize_t got;

	(void)events;
	got = recvfrom(w->fd, peer->question, sizeof peer->question, 0,
	    (struct sockaddr *)(void *)&from, &from_len);
	must(got > HEAD);
	peer->question_len = (size_t)got;
	question_read(peer);
	if (peer->heard_udp++ < peer->script->silent)
		return;
	buf_init(&out, REPLY_MAX);
	reply_write(peer, &out, true);
	if (peer->script->wrong_id) {
		out.at[0] ^= 0x5A;
		sendto(w->fd, out.at, out.len, 0,
		    (struct sockaddr *)(void *)&from, from_len);
		out.at[0] ^= 0x5A;
	}
	if (peer->script->wrong_name) {
		out.at[HEAD + 1] ^= 1;
		sendto(w->fd, out.at, out.len, 0,
		    (struct sockaddr *)(void *)&from, from_len);
		out.at[HEAD + 1] ^= 1;
	}
	if (peer->script->garbage)
		sendto(w->fd, out.at, HEAD + 3, 0,
		    (struct sockaddr *)(void *)&from, from_len);
	sendto(w->fd, out.at, out.len, 0, (struct sockaddr *)(void *)&from,
	    from_len);
	buf_drop(&out);
}

static void
stream_close(struct dns_peer *peer)
{
	if (peer->stream.fd < 0)
		return;
	loop_unwatch(peer->loop, &peer->stream);
	close(peer->stream.fd);
	peer->stream.fd = -1;
}

static void
stream_ready(struct watch *w, unsigned events)
{
	struct dns_peer *peer = list_of(w, struct dns_peer, stream);
	unsigned char len[2];
	struct buf out, reply;

	(void)events;
	if (recv(w->fd, len, sizeof len, 0) != sizeof len) {
		stream_close(peer);
		return;
	}
	peer->question_len = len[0] * 256u + len[1];
	must(recv(w->fd, peer->question, sizeof peer->question, 0) ==
	    (ssize_t)peer->question_len);
	question_read(peer);
	peer->heard_tcp++;
	buf_init(&reply, REPLY_MAX);
	buf_init(&out, REPLY_MAX + 2);
	reply_write(peer, &reply, false);
	number_add(&out, (unsigned)reply.len);
	buf_add(&out, buf_str(&reply));
	must(send(w->fd, out.at, out.len, MSG_NOSIGNAL) == (ssize_t)out.len);
	buf_drop(&reply);
	buf_drop(&out);
}

static void
tcp_ready(struct watch *w, unsigned events)
{
	struct dns_peer *peer = list_of(w, struct dns_peer, tcp);

	(void)events;
	stream_close(peer);
	peer->stream = (struct watch){
		.fd = accept(w->fd, NULL, NULL),
		.ready = stream_ready
	};
	must(peer->stream.fd >= 0);
	must(loop_watch(peer->loop, &peer->stream, LOOP_READ) == 0);
}

void
dns_peer_open(struct dns_peer *peer, struct loop *loop)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *any = (struct sockaddr *)(void *)&address;
	socklen_t len = sizeof address;
	int udp, tcp;

	tcp = socket(AF_INET, SOCK_STREAM, 0);
	must(bind(tcp, any, len) == 0 && listen(tcp, 8) == 0);
	must(getsockname(tcp, any, &len) == 0);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	must(bind(udp, any, len) == 0);
	*peer = (struct dns_peer){
		.loop = loop,
		.udp = { .fd = udp, .ready = udp_ready },
		.tcp = { .fd = tcp, .ready = tcp_ready },
		.stream = { .fd = -1 },
		.port = ntohs(address.sin_port)
	};
	must(loop_watch(loop, &peer->udp, LOOP_READ) == 0);
	must(loop_watch(loop, &peer->tcp, LOOP_READ) == 0);
}

void
dns_peer_drop(struct dns_peer *peer)
{
	stream_close(peer);
	loop_unwatch(peer->loop, &peer->udp);
	loop_unwatch(peer->loop, &peer->tcp);
	close(peer->udp.fd);
	close(peer->tcp.fd);
}
