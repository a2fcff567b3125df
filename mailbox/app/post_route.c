/* Smart hosts: which is which, and holding all that goes by one. */
#include "app/post_part.h"

#include <errno.h>
#include <string.h>

#define NAMES_MAX (1 << 20)	/* bytes of routes that are held at once; the
				   others when it is their turn */

const unsigned post_lockout[3] = { 4, 7, 8 };

void
post_mark(const struct route *route, unsigned char mark[POST_MARK])
{
	const struct str parts[] = { route->host, route->user, route->secret };
	struct sha256 hash;
	uint64_t len;
	size_t i;

	crypto_sha256_init(&hash);
	crypto_sha256_add(&hash, str_from(&route->port, sizeof route->port));
	for (i = 0; i < countof(parts); i++) {
		len = parts[i].len;
		crypto_sha256_add(&hash, str_from(&len, sizeof len));
		crypto_sha256_add(&hash, parts[i]);
	}
	crypto_sha256_end(&hash, mark);
}

int
post_route_find(struct post *p, struct str domain, struct route *route,
	struct buf *text)
{
	int err = route_find(p->db, domain, route, text);

	if (err == -ENOENT)
		*route = (struct route){ .port = 0 };
	return err == -ENOENT ? 0 : err;
}

bool
post_is_named(const struct buf *names, struct str name)
{
	struct str rest = buf_str(names), one;

	while (str_split(&rest, '\0', &one))
		if (str_equal(one, name))
			return true;
	return false;
}

/* Who goes by a smart host. */
struct search {
	struct post *p;
	const unsigned char *mark;
	struct buf text;	/* of a route */
	struct buf names;	/* of those that wait, each ended by NUL */
	char latest[POST_PLACE_MAX];	/* route that was looked at last, */
	bool latest_is;		/* and whether it is one of them */
	bool told;		/* one is held because it was locked out */
	int err;
};

static bool
goes_by(struct search *s, struct str name)
{
	unsigned char mark[POST_MARK];
	struct route route;
	int err;

	if (str_equal(name, str_of(s->latest)))
		return s->latest_is;
	err = post_route_find(s->p, name, &route, &s->text);
	s->latest_is = false;
	if (err == 0 && route.host.len > 0) {
		post_mark(&route, mark);
		s->latest_is = memcmp(mark, s->mark, POST_MARK) == 0;
	}
	/* one that cannot be read holds up itself alone */
	if (err != 0 && err != -EBADMSG)
		s->err = err;
	must(name.len < sizeof s->latest);
	memcpy(s->latest, name.at, name.len);
	s->latest[name.len] = '\0';
	return s->latest_is;
}

static bool
is_lockout(const struct queue_recipient *r)
{
	return r->state == QUEUE_HELD && memcmp(r->status, post_lockout,
	    sizeof r->status) == 0;
}

static void
search_told(void *ctx, const struct queue_item *item)
{
	struct search *s = ctx;
	size_t i;

	for (i = 0; i < item->count && !s->told && s->err == 0; i++)
		s->told = is_lockout(&item->recipients[i]) &&
		    goes_by(s, item->recipients[i].route);
}

static void
search_waiting(void *ctx, const struct queue_item *item)
{
	const struct queue_recipient *r;
	struct search *s = ctx;
	size_t i;

	for (i = 0; i < item->count && s->err == 0; i++) {
		r = &item->recipients[i];
		if (r->state != QUEUE_WAITING || !goes_by(s, r->route) ||
		    post_is_named(&s->names, r->route) ||
		    s->names.len + r->route.len >= NAMES_MAX)
			continue;
		buf_add(&s->names, r->route);
		buf_add_char(&s->names, '\0');
	}
}

/* Look at every letter for who goes by that smart host. */
static int
search(struct search *s,
	void (*each)(void *ctx, const struct queue_item *item))
{
	int err;

	buf_init(&s->text, POST_ROUTE_TEXT);
	buf_init(&s->names, NAMES_MAX);
	err = queue_list(s->p->db, each, s);
	buf_wipe(&s->text);
	return err != 0 ? err : s->err;
}

int
post_told_lockout(struct post *p, const unsigned char mark[POST_MARK],
	bool *told)
{
	struct search s = { .p = p, .mark = mark };
	int err = search(&s, search_told);

	*told = s.told;
	return err;
}

int
post_hold_smart(struct post *p, const unsigned char mark[POST_MARK])
{
	struct search s = { .p = p, .mark = mark };
	int err = search(&s, search_waiting);
	struct str names = buf_str(&s.names), one;

	while (err == 0 && str_split(&names, '\0', &one))
		err = queue_hold_route(p->db, &one);
	buf_drop(&s.names);
	return err;
}
