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

/* Who is looked for. */
struct search {
	enum queue_state state;
	const unsigned *status;		/* of the latest attempt; NULL: any */
	const unsigned char *mark;	/* of the smart host they go by */
};

/* Find their routes, each ended by NUL. */
static int
search(struct post *p, const struct search *s, struct buf *found)
{
	unsigned char mark[POST_MARK];
	struct buf names, text;
	struct route route;
	struct str rest, one;
	int err;

	buf_init(&names, NAMES_MAX);
	buf_init(&text, POST_ROUTE_TEXT);
	err = queue_routes(p->db, s->state, s->status, &names);
	rest = buf_str(&names);
	while (err == 0 && str_split(&rest, '\0', &one)) {
		err = post_route_find(p, one, &route, &text);
		if (err == 0 && route.host.len > 0) {
			post_mark(&route, mark);
			if (memcmp(mark, s->mark, POST_MARK) == 0) {
				buf_add(found, one);
				buf_add_char(found, '\0');
			}
		}
		/* one that cannot be read holds up itself alone */
		if (err == -EBADMSG)
			err = 0;
	}
	buf_drop(&names);
	buf_wipe(&text);
	return err;
}

int
post_told_lockout(struct post *p, const unsigned char mark[POST_MARK],
	bool *told)
{
	const struct search s = { QUEUE_HELD, post_lockout, mark };
	struct buf found;
	int err;

	buf_init(&found, NAMES_MAX);
	err = search(p, &s, &found);
	*told = found.len > 0;
	buf_drop(&found);
	return err;
}

int
post_hold_smart(struct post *p, const unsigned char mark[POST_MARK])
{
	const struct search s = { QUEUE_WAITING, NULL, mark };
	struct buf found;
	struct str names, one;
	int err;

	buf_init(&found, NAMES_MAX);
	err = search(p, &s, &found);
	names = buf_str(&found);
	while (err == 0 && str_split(&names, '\0', &one))
		err = queue_hold_route(p->db, &one);
	buf_drop(&found);
	return err;
}
