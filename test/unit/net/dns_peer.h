/* A DNS server of a test, in its loop: one scripted answer for everybody. */
#ifndef TEST_UNIT_NET_DNS_PEER_H
#define TEST_UNIT_NET_DNS_PEER_H

#include "base/buf.h"
#include "net/loop.h"

enum {
	DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16,
	DNS_AAAA = 28, DNS_TLSA = 52
};

/* A record of the answer. */
struct dns_record {
	const char *owner;	/* NULL: the name that was asked for */
	unsigned type;
	unsigned preference;	/* MX */
	const char *host;	/* MX, CNAME, PTR */
	const char *data;	/* others: as on the wire */
	size_t len;
};

struct dns_script {
	unsigned rcode;
	bool ad;
	bool tc;		/* over UDP: cut off, and no records */
	bool wrong_id;		/* before the right answer comes a wrong one */
	bool wrong_name;	/* the same */
	bool garbage;		/* the same */
	bool small_letters;	/* the question comes back in them */
	size_t silent;		/* so many questions are not heard at first */
	const struct dns_record *records;
	size_t count;
	size_t times;		/* the last record again and again */
};

struct dns_peer {
	struct loop *loop;
	struct watch udp, tcp, stream;
	unsigned port;
	const struct dns_script *script;
	size_t heard_udp, heard_tcp;
	unsigned char question[512];	/* the last one */
	size_t question_len;
	char name[256];		/* what it asked for, letter case and all */
	unsigned type;
};

/* Serve on 127.0.0.1, UDP and TCP, at a port of its own. */
void dns_peer_open(struct dns_peer *peer, struct loop *loop);
void dns_peer_drop(struct dns_peer *peer);

#endif
