/*
 * What tells connections apart. One that idles is lent to a job only when it
 * has proven, and would do, all that the job asks of a new one:
 * - the server's name, and its port;
 * - whether TLS is required, and from which byte on;
 * - what is to be proven, by which policy, and with it the names and the
 *   pins by which that was done: DANE-TA may have proven the domain's name;
 * - whether a letter needs REQUIRETLS;
 * - as whom, and by which secret, we log in;
 * - the set-up: roots and our own name (pool_find()).
 *
 * Only a digest is kept, since a password is among it.
 */
#include "app/courier_part.h"

static void
add_number(struct sha256 *h, uint64_t number)
{
	crypto_sha256_add(h, str_from((const char *)&number, sizeof number));
}

/* With its length, so that no two parts run into one another. */
static void
add_part(struct sha256 *h, struct str part)
{
	add_number(h, part.len);
	crypto_sha256_add(h, part);
}

void
link_key(unsigned char key[SHA256_SIZE], const struct job *j)
{
	const struct place *p = &j->place;
	struct sha256 h;
	size_t i;

	crypto_sha256_init(&h);
	add_part(&h, p->host);
	add_number(&h, p->addresses[0].port);
	add_number(&h, p->tls);
	add_number(&h, p->proof);
	add_number(&h, p->by);
	add_number(&h, j->order.require_tls);
	add_part(&h, j->order.user);
	add_part(&h, j->order.secret);
	add_part(&h, p->proof == TLS_PINNED ? buf_str(&j->name) : STR(""));
	for (i = 0; i < p->pin_count; i++) {
		add_number(&h, p->pins[i].usage);
		add_number(&h, p->pins[i].selector);
		add_number(&h, p->pins[i].matching);
		add_part(&h, p->pins[i].data);
	}
	crypto_sha256_end(&h, key);
	crypto_wipe(&h, sizeof h);
}
