/*
 * Smart hosts. A password is sealed together with the host it is for: who
 * writes another host into the row does not get it sent there.
 */
#include "store/route.h"

#include <errno.h>

#include "store/db_inner.h"
#include "store/device.h"

#define HOST_MAX 255		/* bytes of a host, and of a domain */
#define NAME_MAX_LEN (32 + 2 * HOST_MAX + ROUTE_SECRET_MAX)
#define TEXT_MIN (2 * HOST_MAX + 2 * ROUTE_SECRET_MAX)

_Static_assert(TEXT_MIN <= 4096, "as route.h says");

/* What a password is sealed as. */
static void
name_make(struct buf *name, const struct route *r)
{
	buf_init(name, NAME_MAX_LEN);
	buf_add_text(name, "route ");
	buf_add(name, r->domain);
	buf_add_char(name, ' ');
	buf_add(name, r->host);
	buf_add_char(name, ' ');
	buf_add_number(name, r->port);
	buf_add_char(name, ' ');
	buf_add(name, r->user);
}

/* Without a password nothing is sealed, and no key is needed. */
static int
secret_seal(struct db *db, const struct route *r, struct buf *sealed)
{
	struct buf name;
	int err;

	if (r->secret.len == 0)
		return 0;
	name_make(&name, r);
	err = device_seal(db, buf_str(&name), r->secret, sealed);
	buf_drop(&name);
	return err;
}

static int
secret_open(struct db *db, const struct route *r, struct str sealed,
	struct buf *text)
{
	struct buf name;
	int err;

	if (sealed.len == 0)
		return 0;
	if (sealed.len > ROUTE_SECRET_MAX + SEAL_SECRET_EXTRA)
		return -EBADMSG;
	name_make(&name, r);
	err = device_open_sealed(db, buf_str(&name), sealed, text);
	buf_drop(&name);
	return err;
}

static int
row_put(struct db *db, const struct route *r, struct str sealed)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ROUTE_SET,
	    "INSERT INTO route (domain, host, port, user, secret)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (domain) DO UPDATE"
	    " SET host = ?2, port = ?3, user = ?4, secret = ?5");

	db_bind_text(s, 1, r->domain);
	db_bind_text(s, 2, r->host);
	sqlite3_bind_int64(s, 3, r->port);
	db_bind_text(s, 4, r->user);
	db_bind_bytes(s, 5, sealed.len > 0 ? sealed.at : "", sealed.len);
	return db_run(db, s);
}

int
route_set(struct db *db, const struct route *route)
{
	struct buf sealed;
	int err;

	if (route->domain.len > HOST_MAX || route->host.len > HOST_MAX ||
	    route->user.len > ROUTE_SECRET_MAX ||
	    route->secret.len > ROUTE_SECRET_MAX)
		return -EINVAL;
	buf_init(&sealed, ROUTE_SECRET_MAX + SEAL_SECRET_EXTRA);
	err = secret_seal(db, route, &sealed);
	if (err == 0)
		err = db_begin(db);
	if (err == 0)
		err = row_put(db, route, buf_str(&sealed));
	buf_drop(&sealed);
	return err;
}

int
route_remove(struct db *db, struct str domain)
{
	sqlite3_stmt *s;
	int err = db_begin(db);

	if (err != 0)
		return err;
	s = db_sql(db, SLOT_ROUTE_REMOVE,
	    "DELETE FROM route WHERE domain = ?1");
	db_bind_text(s, 1, domain);
	return db_run_met(db, s);
}

/* Read a row but for its password. */
static void
row_read(sqlite3_stmt *s, struct route *r)
{
	*r = (struct route){
		.domain = db_column(s, 0), .host = db_column(s, 1),
		.port = (unsigned)sqlite3_column_int64(s, 2),
		.user = db_column(s, 3),
	};
}

int
route_list(struct db *db,
	void (*each)(void *ctx, const struct route *route), void *ctx)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ROUTE_LIST,
	    "SELECT domain, host, port, user FROM route ORDER BY domain");
	struct route route;
	int row;

	while ((row = db_step(db, s)) > 0) {
		row_read(s, &route);
		each(ctx, &route);
	}
	return row;
}

/* Bring a row to memory that lasts. */
static int
row_take(struct db *db, sqlite3_stmt *s, struct route *route,
	struct buf *text)
{
	struct route r;
	struct str rest;
	int err;

	row_read(s, &r);
	if (r.domain.len > HOST_MAX || r.host.len > HOST_MAX ||
	    r.user.len > ROUTE_SECRET_MAX)
		return -EUCLEAN;
	buf_add(text, r.domain);
	buf_add(text, r.host);
	buf_add(text, r.user);
	err = secret_open(db, &r, db_column(s, 4), text);
	if (err != 0)
		return err;
	rest = buf_str(text);
	route->domain = str_take(&rest, r.domain.len);
	route->host = str_take(&rest, r.host.len);
	route->user = str_take(&rest, r.user.len);
	route->secret = rest;
	route->port = r.port;
	return 0;
}

int
route_find(struct db *db, struct str domain, struct route *route,
	struct buf *text)
{
	sqlite3_stmt *s = db_sql(db, SLOT_ROUTE_FIND,
	    "SELECT domain, host, port, user, secret FROM route"
	    " WHERE domain IN (?1, '" ROUTE_ALL "')"
	    " ORDER BY domain = '" ROUTE_ALL "' LIMIT 1");
	int row, err;

	buf_clear(text);
	db_bind_text(s, 1, domain);
	row = db_step(db, s);
	if (row <= 0)
		return row < 0 ? row : -ENOENT;
	err = row_take(db, s, route, text);
	db_reset(s);
	return err;
}
