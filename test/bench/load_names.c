/*
 * A name server for the sink's domains, as fast as a resolver that has all
 * answers at hand: dN.TOP has the mail server mxN.TOP, and that the sink's
 * N-th address. Other names at TOP do not exist.
 */
#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD 12			/* bytes; RFC 1035 section 4.1.1 */
#define PACKET_MAX 512
#define TTL 60

enum { TYPE_A = 1, TYPE_MX = 15, TYPE_AAAA = 28 };

struct packet {
	unsigned char at[PACKET_MAX];
	size_t len;
};

static void
packet_add(struct packet *p, const void *from, size_t len)
{
	if (len > sizeof p->at - p->len)
		load_fail("DNS answer");
	memcpy(p->at + p->len, from, len);
	p->len += len;
}

static void
packet_number(struct packet *p, size_t bytes, uint32_t number)
{
	uint32_t net = htonl(number);

	packet_add(p, (unsigned char *)&net + 4 - bytes, bytes);
}

/* The head of a record of the name that was asked for. */
static void
packet_record(struct packet *p, unsigned type, size_t len)
{
	packet_number(p, 2, 0xc000 | HEAD);
	packet_number(p, 2, type);
	packet_number(p, 2, 1);
	packet_number(p, 4, TTL);
	packet_number(p, 2, (uint32_t)len);
}

/* The number in a first label that is a word and a number; else -1. */
static long
label_number(const unsigned char *label, const char *word)
{
	char text[64];
	size_t skip = strlen(word);
	char *end;
	long number;

	memcpy(text, label + 1, label[0]);
	text[label[0]] = '\0';
	if (strncasecmp(text, word, skip) != 0 || text[skip] == '\0')
		return -1;
	number = strtol(text + skip, &end, 10);
	return *end == '\0' ? number : -1;
}

/*
 * Make a question its own answer.
 *
 * end       where the question ends, type and class included
 */
static void
answer(struct packet *p, size_t end, uint32_t first)
{
	const unsigned char *label = p->at + HEAD;
	unsigned type = (unsigned)p->at[end - 4] << 8 | p->at[end - 3];
	long domain = label_number(label, "d");
	long host = label_number(label, "mx");
	char name[64];
	size_t len;

	p->len = end;			/* what is behind it, as EDNS, is not */
	p->at[2] = 0x80 | (p->at[2] & 1);
	p->at[3] = 0x80;
	memset(p->at + 6, 0, 6);
	if (domain >= 0 && type == TYPE_MX) {
		p->at[7] = 1;
		len = (size_t)snprintf(name + 1, sizeof name - 1, "mx%ld",
		    domain);
		name[0] = (char)len;
		packet_record(p, type, 2 + 1 + len + 2);
		packet_number(p, 2, 10);
		packet_add(p, name, 1 + len);
		packet_number(p, 2, 0xc000 | (HEAD + 1u + label[0]));
	} else if (host >= 0 && type == TYPE_A) {
		p->at[7] = 1;
		packet_record(p, type, 4);
		packet_number(p, 4, first + (uint32_t)host);
	} else if (domain < 0 && host < 0)
		p->at[3] |= 3;		/* NXDOMAIN */
}

int
names_open(const struct load *load)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)load->dns_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0)
		load_fail("name server");
	return fd;
}

void
names_answer(int fd, uint32_t first)
{
	struct sockaddr_in from;
	socklen_t from_len = sizeof from;
	struct packet p;
	size_t at = HEAD;
	ssize_t n = recvfrom(fd, p.at, sizeof p.at, 0,
	    (struct sockaddr *)&from, &from_len);

	while (n > 0 && at < (size_t)n && p.at[at] != 0 && p.at[at] < 64)
		at += p.at[at] + 1u;
	if (n < 0 || at + 5 > (size_t)n || p.at[at] != 0 || at == HEAD)
		return;
	answer(&p, at + 5, first);
	(void)sendto(fd, p.at, p.len, 0, (struct sockaddr *)&from, from_len);
}
