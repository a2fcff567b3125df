/* What the courier's files share; nobody else includes it. */
#ifndef APP_COURIER_PART_H
#define APP_COURIER_PART_H

#include "app/carry.h"
#include "app/orders.h"
#include "base/crypto.h"
#include "net/conn.h"
#include "net/dial.h"
#include "net/fetch.h"
#include "net/resolve.h"
#include "rules/mx.h"
#include "talk/sts.h"

#define COURIER_ADDRESSES_MAX 10	/* tried for one job */
#define COURIER_DIAL_MS 30000		/* to connect to one */
#define COURIER_SHAKE_MS 120000		/* for a handshake */
#define COURIER_TEXT_MS 60000		/* for the keeper to give a piece, or
					   to come back when it is gone */
#define COURIER_IDLE_MS 10000		/* to wait for one more letter */
#define COURIER_STILL_MS 3600000	/* for a job in which no MAIL is taken
					   and no text moves */
#define COURIER_LETTERS_MAX 100		/* over one connection */

/* What jobs need of a set-up, until the last of them ends. Counted. */
struct kit {
	struct setup setup;		/* without keys */
	struct resolver *resolver;
	struct fetcher *fetcher;
	struct tls_client *tls;
	unsigned users;			/* private */
};

struct job;
struct link;

/* What became of one recipient so far. */
struct parcel {
	enum mx_word word;
	struct smtp_outcome outcome;	/* that goes with it */
	struct str host;		/* who said it; empty: ourselves */
	bool settled;			/* nothing more is tried */
	enum { PARCEL_UNSAID, PARCEL_SAID, PARCEL_NOTED } told;
};

/* How a server is known to be the one it should be; for the log. */
enum proven { PROVEN_NOT, PROVEN_ROUTE, PROVEN_STS, PROVEN_DANE };

/* The server that is being tried. */
struct place {
	struct str host;		/* one of job->hosts */
	struct lookup a, aaaa, tlsa;
	unsigned awaited;		/* answers */
	bool secure;			/* those that came are validated */
	bool failed;			/* an address could not be asked for */
	bool literal;			/* the host is an address itself */
	struct dial_address a_found[COURIER_ADDRESSES_MAX];
	struct dial_address aaaa_found[COURIER_ADDRESSES_MAX];
	size_t a_count, aaaa_count;
	struct dial_address addresses[COURIER_ADDRESSES_MAX];
	size_t count, next;
	size_t share;			/* of them that may be tried */

	enum smtp_client_tls tls;
	enum tls_proof proof;
	enum proven by;
	struct tls_pin pins[TLS_PINS_MAX];
	size_t pin_count;
	struct buf pin_data;		/* what they point into */
};

/* One letter to some recipients of one domain, from taking to noting. */
struct job {
	struct courier *courier;
	struct kit *kit;
	struct list all;		/* of courier->jobs */
	struct list waits;		/* of courier->waiting */
	struct list speaks;		/* of courier->speakers */
	uint32_t number;
	struct buf body;		/* of its WIRE_CARRY */
	struct carry_job order;		/* views into it */
	struct parcel *parcels;		/* one per recipient, in order */
	size_t parcel_count;
	enum { JOB_WAITS, JOB_RUNS, JOB_OVER } state;
	int64_t began_ms;

	/* courier_route.c */
	struct buf name;		/* the domain in A-labels */
	struct lookup mx;
	bool by_mx;			/* policies of the domain hold */
	bool secure;			/* the route is validated */
	struct buf names;		/* what hosts point into */
	struct str hosts[COURIER_ADDRESSES_MAX];
	size_t host_count, host_next;

	/* courier_policy.c */
	struct lookup sts;
	struct list asks;		/* of the policy it waits for */
	bool enforce;			/* and policy_text says what */
	struct buf policy_text;
	struct sts_policy sts_policy;

	/* courier_try.c */
	struct place place;
	unsigned tried;			/* addresses */
	unsigned heard;			/* servers that spoke of the letter */
	bool heard_here;		/* this one has */
	bool fresh;			/* no used connection: one was stale */
	struct timer stillness;		/* COURIER_STILL_MS */
	bool late;			/* and they have passed */
	struct link *link;
	struct smtp_letter letter;
	bool sending;			/* the letter is with the link */
	struct smtp_client_recipient *batch;
	size_t *batch_of;		/* index of the parcel */
	struct str log_host;		/* the last that was talked to */
	char log_tls[16];
	enum proven log_proven;

	/* courier_text.c */
	uint32_t piece;			/* the one that is to come next */
	bool text_wanted;		/* the link waits for it */
	bool text_asked;		/* WIRE_FETCH is out */
	bool unreadable;
	struct timer text_patience;

	/* courier_wire.c */
	bool fetch_due;
	bool result_due;
	bool result_out;		/* and not yet noted */
	bool locked_out;
};

/* A connection. */
struct link {
	struct courier *courier;
	struct kit *kit;
	struct list all;		/* of courier->links */
	struct job *job;		/* whose it is now, or NULL */
	unsigned char key[SHA256_SIZE];	/* which jobs it would do for */
	struct buf host, user, secret;
	struct dial_address address;
	struct dial dial;
	struct conn conn;
	struct smtp_client_setup setup;
	struct smtp_client client;
	enum tls_proof proof;
	enum {
		LINK_DIALS, LINK_SHAKES, LINK_TALKS, LINK_READS, LINK_IDLES,
		LINK_PARTS
	} state;
	bool drains;			/* it goes on when all is sent */
	bool used;			/* by another job before */
	unsigned letters;		/* of the client, when this job came */
	unsigned mails;			/* of the client, when last looked at */
	uint64_t moves;
	size_t left;			/* bytes to send then */
};

/* How a connection has ended for a job. */
struct parting {
	bool stale;		/* it was a used one, and has gone unnoticed:
				   nothing was said of the letter */
	enum smtp_client_trouble trouble;
	struct smtp_outcome why;	/* UNDECIDED when all is well */
};

struct courier {
	struct loop *loop;
	struct orders orders;
	struct kit *kit;		/* of new jobs */

	struct watch wire;		/* to the keeper */
	bool wire_up;
	bool wire_greeted;		/* the first WIRE_ROOM is said */
	struct buf room;
	struct buf words;		/* to be said */
	unsigned rooms;			/* to be told of */
	struct list speakers;		/* jobs that have something to say */

	struct list jobs, waiting;
	size_t job_count, running;
	struct timer turn;		/* to look who may begin */

	struct list links;		/* the one used last stands last */
	size_t link_count;

	struct list policies;		/* courier_policy.c */
	size_t policy_count;

	bool stopping;
	struct timer end;
};

/* courier.c */

/* A job or the wire less: what stops may have ended. */
void courier_look_for_end(struct courier *c);

/* courier_kit.c */

/* Begin with one user; setup is given. Returns: 0 or negative errno. */
int kit_open(struct kit **kit, struct loop *loop, struct setup *setup)
	__attribute__((warn_unused_result));
struct kit *kit_hold(struct kit *kit);
void kit_drop(struct kit *kit);		/* NULL is fine */

/* courier_wire.c */

/* Use another wire to the keeper; fd is given. */
void courier_wire_set(struct courier *c, int fd);
void courier_wire_drop(struct courier *c);

/* Say what is due, as far as the wire takes it. */
void courier_wire_say(struct courier *c);

/* A job has something to say. */
void courier_wire_speak(struct job *j);

/* courier_job.c */

/* Take a job; what cannot be read is logged. */
void job_take(struct courier *c, uint32_t number, struct str body);
struct job *job_find(struct courier *c, uint32_t number);

/* Its turn has come. */
void job_begin(struct job *j);

/* Some of it is settled: say so. */
void job_report(struct job *j);

/* Put what is to be reported into a result. */
void job_result(struct job *j, struct carry_result *result, bool *last);

/* The keeper has noted the result; the job may be gone afterwards. */
void job_noted(struct job *j);

/* A new wire: what was said and not noted is to be said again. */
void job_rewire(struct job *j);

/* Nothing more is done for it but reporting what is settled. */
void job_over(struct job *j);

/* As job_over(), giving up what is under way. */
void job_abandon(struct job *j);
void job_drop(struct job *j);

/* courier_pool.c */

/* Let a job wait for its turn; it gets it from the loop. */
void pool_enter(struct job *j);

/* It is done; others may begin. */
void pool_leave(struct job *j);
void on_pool_turn(struct timer *t);

/* A connection to j->place that waits for a letter, and would do; or NULL. */
struct link *pool_find(const struct job *j,
	const unsigned char key[SHA256_SIZE]);

/* Make room for one connection more: idle ones, and parting ones, go. */
void pool_make_room(struct courier *c);

/* courier_route.c */

/* Find the hosts; try_routed() or try_unroutable() follows. */
void route_begin(struct job *j);
void route_drop(struct job *j);

/* courier_policy.c */

/* Find the MTA-STS policy; try_next() follows. */
void policy_begin(struct job *j);
void policy_drop(struct job *j);

/* Say to the keeper what was fetched; negative errno of wire_send(). */
int policies_say(struct courier *c);
void policies_drop(struct courier *c);

/* courier_place.c */

/*
 * Look at the next host, and its addresses up: try_next() follows. Returns:
 * false when that is not needed, j->place says what there is.
 */
bool place_begin(struct job *j, struct str host);
void place_drop(struct place *p);

/* courier_pins.c */

/* Look up what the host must prove; try_next() follows. */
void pins_begin(struct job *j);

/* courier_try.c */

/* The hosts are found. */
void try_routed(struct job *j);

/* There are none. at: subject and detail of the status; why: static */
void try_unroutable(struct job *j, enum smtp_fate fate, const unsigned at[2],
	const char *why);

/* Go on with the next address, or host, or end. */
void try_next(struct job *j);

/* All who are left hear the same from j->place, or from ourselves of it. */
void try_hear_all(struct job *j, enum mx_word word,
	const struct smtp_outcome *outcome);

/* Something goes on: count the time of stillness anew. */
void try_moved(struct job *j);

/* What the link is to send now, or NULL when it is of no more use. */
struct smtp_letter *try_letter(struct job *j);

/* The link has left the job, and may be gone. */
void try_parted(struct job *j, const struct parting *parting);

/* courier_text.c */

/* A letter is sent from its beginning. */
void text_begin(struct job *j);

/* The next piece; false: it is asked for, and link_text() follows. */
bool text_next(struct job *j, struct str *piece, bool *last);

/* The keeper has given one. */
void text_came(struct job *j, const struct wire_mail *mail);
void text_rewire(struct job *j);
void text_drop(struct job *j);

/* courier_key.c */

/* What tells connections apart: all that jobs may ask of one. */
void link_key(unsigned char key[SHA256_SIZE], const struct job *j);

/* courier_link.c */

/* Connect to an address of j->place, or take up a connection that idles. */
void link_begin(struct job *j, const struct dial_address *address,
	const unsigned char key[SHA256_SIZE]);
void link_take_up(struct link *l, struct job *j);

/* The piece that was asked for; or why there is none. */
void link_text(struct link *l, struct str piece, bool last);
void link_lost(struct link *l, const char *why);

/* Say QUIT and part; for one that idles. */
void link_quit(struct link *l);

/* Close at once; its job is told nothing. */
void link_drop(struct link *l);

/* Leave the job, telling it how it was; l is gone afterwards, or parts. */
void link_part(struct link *l, const struct parting *parting, bool at_once);

/* Our own judgement of a server: not now. */
void link_judge(struct smtp_outcome *o, unsigned subject, unsigned detail,
	const struct buf *said);

/* courier_shake.c */

/* Begin the handshake. */
void link_shake(struct link *l);

/* It has failed. */
void link_shake_failed(struct link *l);

/* Whether the session has broken at STARTTLS. */
bool link_starttls_broke(const struct link *l);

/* Go on in clear, if that is allowed; false: it is not. */
bool link_goes_clear(struct link *l, struct str why);

#endif
