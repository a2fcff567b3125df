/* The load generator: blocking clients on threads, for the benchmark alone. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the command line says. */
struct load {
	const char *host;
	unsigned port;
	enum { LOAD_PLAIN, LOAD_STARTTLS, LOAD_TLS } security;
	unsigned connections;
	unsigned messages;	/* in all */
	unsigned per_connection;	/* 0: as many as it takes */
	size_t size;		/* bytes of a message */
	const char *domain;
	const char *user;
	const char *password;
	const char *script;	/* pop3: "stat uidl list retr=1000 ..." */
	unsigned seconds;
};

/* One connection with its unread bytes. */
struct line {
	int fd;
	SSL *tls;
	size_t at, len;
	char room[65536];
};

/* Microseconds of a clock that never jumps. */
int64_t load_now_us(void);

/* Print to stderr and exit. */
_Noreturn void load_fail(const char *what);

/* Connect; with LOAD_TLS shake hands as well. Exits when it cannot. */
void line_open(struct line *l, const struct load *load);
void line_secure(struct line *l);
void line_close(struct line *l);

/* Send all of it. Returns: false when the peer is gone. */
bool line_send(struct line *l, const char *at, size_t len);
bool line_send_text(struct line *l, const char *text);

/*
 * Read one line; *text is good until the next call, without its end.
 *
 * Returns:  its length, or -1 when the peer is gone.
 */
long line_read(struct line *l, char **text);

/* Read up to the lone dot. Returns: bytes read, or -1. */
long line_read_text(struct line *l);

/* Read a whole SMTP reply. Returns: its code, or -1. */
int line_reply(struct line *l);

int load_smtp(const struct load *load);
int load_pop3(const struct load *load);
int load_idle(const struct load *load);
int load_shake(const struct load *load);
int load_sink(const struct load *load);

/* Sort the latencies and print rate and percentiles as one JSON object. */
void load_report(int64_t *latency_us, size_t count, int64_t took_us);

#endif
