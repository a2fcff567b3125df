/*
 * Questions to the DNS by c-ares, whose sockets and moments are those of our
 * loop. It is given no file, no thread and no environment (firmware/recipe/
 * c-ares.mk), its cache is off, and ares_getaddrinfo() is never called.
 *
 * A question outlives the lookup that asked it until c-ares lets go of it:
 * 1. pending: c-ares has a pointer to it, and calls answered() once.
 * 2. lookup == NULL: nobody wants the answer any more.
 * 3. What is neither pending nor wanted is freed.
 * What answered() writes down is told by the timer, so that done() never runs
 * below c-ares or lookup_begin().
 */
#include "net/resolve.h"

#include "base/log.h"
#include "net/guest.h"
#include "net/resolve_part.h"

#include <errno.h>
#include <stdlib.h>

#include <ares.h>

#define SERVER_MAX 128		/* bytes of one server as text */
#define TRY_MS 2000		/* for the first try, then twice as long */
#define TRY_MAX_MS 10000
#define TRIES 3			/* of each server */
#define UDP_SIZE 1232		/* bytes that are never cut into fragments */
#define UDP_SHARED 8		/* questions from one port, then a new one */

struct resolver {
	struct loop *loop;
	ares_channel_t *channel;	/* NULL: there are no servers */
	bool trust_ad;
	struct timer timer;		/* when c-ares wants to be asked */
	struct guests guests;
	struct list asked;
};

struct asked {
	struct list link;
	struct resolver *resolver;
	struct lookup *lookup;		/* NULL: forgotten */
	bool pending;
	enum resolve_type type;
	struct timer timer;		/* the deadline, then the answer */
	struct resolve_answer answer;
	struct buf texts;		/* of its records, one behind another */
};

/* ---- the loop ---- */

/* Ask for the moment when c-ares has something to give up on. */
static void
timer_wind(struct resolver *r)
{
	struct timeval left;

	if (ares_timeout(r->channel, NULL, &left) == NULL)
		timer_cancel(r->loop, &r->timer);
	else
		timer_set(r->loop, &r->timer,
		    (int64_t)left.tv_sec * 1000 + left.tv_usec / 1000 + 1);
}

static void
on_timer(struct timer *t)
{
	struct resolver *r = list_of(t, struct resolver, timer);

	ares_process_fds(r->channel, NULL, 0, ARES_PROCESS_FLAG_NONE);
	timer_wind(r);
}

static void
on_ready(struct guests *g, int fd, unsigned events)
{
	struct resolver *r = list_of(g, struct resolver, guests);
	ares_fd_events_t event = { .fd = fd };

	if ((events & ~LOOP_WRITE) != 0)
		event.events |= ARES_FD_EVENT_READ;
	if ((events & LOOP_WRITE) != 0)
		event.events |= ARES_FD_EVENT_WRITE;
	ares_process_fds(r->channel, &event, 1, ARES_PROCESS_FLAG_NONE);
	timer_wind(r);
}

static void
on_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = data;

	guests_want(&r->guests, fd, (readable ? LOOP_READ : 0) |
	    (writable ? LOOP_WRITE : 0));
}

/* ---- answers ---- */

static void
asked_drop(struct asked *a)
{
	timer_cancel(a->resolver->loop, &a->timer);
	list_take(&a->link);
	buf_drop(&a->texts);
	free(a);
}

static const char *
status_why(int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
		return "the DNS did not answer in time";
	case ARES_ESERVFAIL:
		return "the DNS says that it failed (SERVFAIL)";
	case ARES_EREFUSED:
		return "the DNS server refuses to answer";
	case ARES_ECONNREFUSED:
		return "no DNS server can be reached";
	default:
		return "the DNS answered what makes no sense";
	}
}

static void
answer_fail(struct asked *a, const char *why)
{
	a->answer.result = RESOLVE_FAILED;
	a->answer.why = why;
}

static void
answered(void *data, ares_status_t status, size_t timeouts,
	const ares_dns_record_t *dns)
{
	struct asked *a = data;

	(void)timeouts;
	a->pending = false;
	if (a->lookup == NULL) {
		asked_drop(a);
		return;
	}
	if (status == ARES_EBADNAME || status == ARES_EBADQUERY)
		a->answer.result = RESOLVE_NONE;
	else if (status != ARES_SUCCESS || dns == NULL)
		answer_fail(a, status_why((int)status));
	else
		resolve_read(&a->answer, &a->texts, a->type, dns);
	if (!a->resolver->trust_ad)
		a->answer.secure = false;
	timer_set(a->resolver->loop, &a->timer, 0);
}

/* The answer is there, or the time is up; done() may free anything. */
static void
on_due(struct timer *t)
{
	struct asked *a = list_of(t, struct asked, timer);
	struct lookup *l = a->lookup;
	static const struct resolve_answer late = {
		.result = RESOLVE_FAILED,
		.why = "the DNS did not answer in time"
	};

	a->lookup = NULL;
	l->asked = NULL;
	if (a->pending) {
		l->done(l, &late);
		return;
	}
	list_take(&a->link);
	l->done(l, &a->answer);
	buf_drop(&a->texts);
	free(a);
}

/* ---- questions ---- */

/*
 * The name to ask for.
 *
 * Returns:  false when it can be nobody's.
 */
static bool
name_write(struct buf *out, enum resolve_type type, struct str name)
{
	struct ares_addr address = { .family = AF_UNSPEC };
	char *pointer = NULL;
	size_t len;

	if (name.len == 0 || name.len > RESOLVE_NAME_MAX + 1 ||
	    str_find(name, 0, '\0') != STR_NONE ||
	    str_find(name, 0, '\\') != STR_NONE)
		return false;
	buf_add(out, name);
	if (type != RESOLVE_PTR)
		return true;
	if (ares_dns_pton(buf_text(out), &address, &len) != NULL)
		pointer = ares_dns_addr_to_ptr(&address);
	buf_clear(out);
	buf_add_text(out, pointer);
	ares_free_string(pointer);
	return out->len > 0;
}

/*
 * A question with EDNS, and with the AD bit: we want to know of it (RFC 6840
 * section 5.7).
 */
static ares_dns_record_t *
question_new(const char *name, enum resolve_type type)
{
	ares_dns_record_t *dns = NULL;
	ares_dns_rr_t *opt = NULL;

	must(ares_dns_record_create(&dns, 0, ARES_FLAG_RD | ARES_FLAG_AD,
	    ARES_OPCODE_QUERY, ARES_RCODE_NOERROR) == ARES_SUCCESS);
	must(ares_dns_record_query_add(dns, name, resolve_number(type),
	    ARES_CLASS_IN) == ARES_SUCCESS);
	must(ares_dns_record_rr_add(&opt, dns, ARES_SECTION_ADDITIONAL, "",
	    ARES_REC_TYPE_OPT, ARES_CLASS_IN, 0) == ARES_SUCCESS);
	must(ares_dns_rr_set_u16(opt, ARES_RR_OPT_UDP_SIZE, UDP_SIZE) ==
	    ARES_SUCCESS);
	must(ares_dns_rr_set_u8(opt, ARES_RR_OPT_VERSION, 0) == ARES_SUCCESS);
	must(ares_dns_rr_set_u16(opt, ARES_RR_OPT_FLAGS, 0) == ARES_SUCCESS);
	return dns;
}

void
lookup_begin(struct resolver *r, struct lookup *l, enum resolve_type type,
	struct str name)
{
	struct asked *a = xalloc(1, sizeof *a);
	struct buf asked_name;
	ares_dns_record_t *dns;

	must(l->asked == NULL && l->done != NULL);
	*a = (struct asked){
		.resolver = r,
		.lookup = l,
		.type = type,
		.timer = { .fire = on_due }
	};
	l->asked = a;
	list_add(&r->asked, &a->link);
	buf_init(&asked_name, 2 * RESOLVE_NAME_MAX);
	if (r->channel == NULL) {
		answer_fail(a, "no DNS server is known");
		timer_set(r->loop, &a->timer, 0);
	} else if (!name_write(&asked_name, type, name)) {
		a->answer.result = RESOLVE_NONE;
		timer_set(r->loop, &a->timer, 0);
	} else {
		timer_set(r->loop, &a->timer, RESOLVE_DEADLINE_MS);
		a->pending = true;
		dns = question_new(buf_text(&asked_name), type);
		ares_send_dnsrec(r->channel, dns, answered, a, NULL);
		ares_dns_record_destroy(dns);
		timer_wind(r);
	}
	buf_drop(&asked_name);
}

void
lookup_cancel(struct lookup *l)
{
	struct asked *a = l->asked;

	if (a == NULL)
		return;
	l->asked = NULL;
	a->lookup = NULL;
	timer_cancel(a->resolver->loop, &a->timer);
	if (!a->pending)
		asked_drop(a);
}

/* ---- the resolver ---- */

/* c-ares would take URIs, lists, and the names of interfaces as well. */
static bool
server_is(struct str server)
{
	size_t i;

	for (i = 0; i < server.len; i++)
		if (str_find(STR("0123456789abcdefABCDEF.:[]"), 0,
		    server.at[i]) == STR_NONE)
			return false;
	return server.len > 0 && server.len < SERVER_MAX;
}

static int
servers_set(struct resolver *r, const struct str *servers, size_t count)
{
	struct buf all;
	size_t i;
	int error = 0;

	buf_init(&all, RESOLVE_SERVERS_MAX * SERVER_MAX);
	for (i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(&all, ',');
		buf_add(&all, servers[i]);
		if (i < RESOLVE_SERVERS_MAX && server_is(servers[i]) &&
		    ares_set_servers_csv(r->channel, buf_text(&all)) ==
		    ARES_SUCCESS)
			continue;
		log_event(LOG_ERROR, "dns-server-unusable",
		    LOG_S("server", servers[i]));
		error = -EINVAL;
		break;
	}
	buf_drop(&all);
	return error;
}

int
resolver_open(struct resolver **r, struct loop *loop,
	const struct str *servers, size_t count, bool trust_ad)
{
	struct resolver *made = xalloc(1, sizeof *made);
	struct ares_options options = {
		.flags = ARES_FLAG_EDNS | ARES_FLAG_DNS0x20,
		.timeout = TRY_MS,
		.maxtimeout = TRY_MAX_MS,
		.tries = TRIES,
		.udp_max_queries = UDP_SHARED,
		.qcache_max_ttl = 0,
		.sock_state_cb = on_state,
		.sock_state_cb_data = made
	};
	int error = 0;

	*made = (struct resolver){
		.loop = loop,
		.trust_ad = trust_ad,
		.timer = { .fire = on_timer }
	};
	guests_init(&made->guests, loop, on_ready);
	list_init(&made->asked);
	if (count > 0) {
		must(ares_init_options(&made->channel, &options,
		    ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS |
		    ARES_OPT_MAXTIMEOUTMS | ARES_OPT_TRIES |
		    ARES_OPT_UDP_MAX_QUERIES | ARES_OPT_QUERY_CACHE |
		    ARES_OPT_SOCK_STATE_CB) == ARES_SUCCESS);
		error = servers_set(made, servers, count);
	}
	if (error != 0) {
		resolver_drop(made);
		made = NULL;
	}
	*r = made;
	return error;
}

void
resolver_drop(struct resolver *r)
{
	struct list *link, *next;
	struct asked *a;

	if (r == NULL)
		return;
	for (link = r->asked.next; link != &r->asked; link = next) {
		a = list_of(link, struct asked, link);
		next = link->next;
		if (a->lookup != NULL)
			lookup_cancel(a->lookup);
	}
	/* What is pending is answered by this, and freed. */
	if (r->channel != NULL)
		ares_destroy(r->channel);
	timer_cancel(r->loop, &r->timer);
	guests_drop(&r->guests);
	must(list_empty(&r->asked));
	free(r);
}
