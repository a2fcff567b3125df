/*
 * A set-up as the courier uses it: whom it asks for names, whom it believes.
 * The keys of our own certificates are none of its business.
 */
#include "app/courier_part.h"

#include <errno.h>
#include <stdlib.h>

static void
forget_keys(struct setup *setup)
{
	size_t i;

	for (i = 0; i < CONFIG_CERTIFICATES_MAX; i++) {
		buf_wipe(&setup->keys[i]);
		buf_drop(&setup->certs[i]);
		setup->pairs[i] = (struct tls_pair){ .cert = { NULL, 0 } };
	}
}

/* Without roots nothing can be verified but by DANE; mail goes all the same. */
static int
client_open(struct kit *k)
{
	int err;

	err = tls_client_open(&k->tls, buf_str(&k->setup.roots));
	if (err == -EBADMSG)
		err = tls_client_open(&k->tls, STR(""));
	return err;
}

int
kit_open(struct kit **kit, struct loop *loop, struct setup *setup)
{
	struct str servers[RESOLVE_SERVERS_MAX];
	struct kit *k = xalloc(1, sizeof *k);
	size_t count;
	int err;

	k->users = 1;
	k->setup = *setup;
	*setup = (struct setup){ .certs = { { .at = NULL } } };
	forget_keys(&k->setup);
	count = setup_resolvers(&k->setup, servers, countof(servers));
	err = resolver_open(&k->resolver, loop, servers, count,
	    k->setup.config.dns_trust_ad);
	if (err == 0)
		err = fetcher_open(&k->fetcher, loop,
		    buf_str(&k->setup.roots));
	if (err == 0)
		err = client_open(k);
	if (err != 0) {
		kit_drop(k);
		return err;
	}
	*kit = k;
	return 0;
}

struct kit *
kit_hold(struct kit *kit)
{
	kit->users++;
	return kit;
}

void
kit_drop(struct kit *kit)
{
	if (kit == NULL || --kit->users > 0)
		return;
	fetcher_drop(kit->fetcher);
	resolver_drop(kit->resolver);
	tls_client_drop(kit->tls);
	setup_drop(&kit->setup);
	free(kit);
}
