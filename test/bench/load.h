/* The load generator: blocking clients on threads, for the benchmark alone. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
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
	const char *from;
	const char *domain;
	unsigned domains;	/* 0: domain itself; else d0.domain and on */
	const char *user;	/* of POP3; given to SMTP, it logs in */
	const char *password;
	const char *script;	/* pop3: "stat uidl list retr=1000 ..." */
	unsigned seconds;
	const char *sink;	/* the first address that a sink has */
	unsigned sink_port;
	unsigned sinks;		/* addresses, one after the other */
	unsigned dns_port;	/* of a name server beside it; 0: none */
	unsigned lone;		/* ms to wait when a letter has arrived, before
				   the next is sent; 0: all at once */
};

/*
 * Where letters end. It knows them by the number in the recipient's address,
 * as of n17@d0.example.
 */
struct sink {
	int poll;
	uint32_t first;		/* address */
	atomic_uint asked;	/* questions to the name server */
	unsigned messages;	/* numbers below that are expected */
	int64_t *came_us;	/* by number; 0: not yet */
	atomic_uint twice;	/* letters that came again */
	sem_t came;		/* posted for each new one */
};

/* Letters sent by all connections together. */
struct sending {
	const struct load *load;
	struct sink *sink;	/* NULL: nobody waits for their arrival */
	atomic_uint next;	/* number of the next one */
	pthread_barrier_t ready;	/* all are connected */
	char run[17];		/* makes Message-IDs of this run unique */
	int64_t *began_us;	/* by number: at MAIL */
	int64_t *taken_us;	/* at 250 */
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
int load_relay(const struct load *load);

/* Send all letters; ends with the last 250. */
void sending_run(struct sending *s, const struct load *load,
	struct sink *sink);

/* Serve in a thread that lives as long as the program. */
void sink_start(struct sink *s, const struct load *load);

/* Wait until one more letter has arrived; exits after a minute. */
void sink_wait(struct sink *s);

/* A name server of the sink's domains. Returns: its socket. */
int names_open(const struct load *load);

/*
 * Answer the question that waits at its socket.
 *
 * first     address of the sink, in host order
 */
void names_answer(int fd, uint32_t first);

/* Print count and rate: the first words of a JSON object. */
void report_rate(size_t count, int64_t took_us);

/* Sort times, and print their percentiles as more words of it. */
void report_times(const char *name, int64_t *times_us, size_t count);

#endif
