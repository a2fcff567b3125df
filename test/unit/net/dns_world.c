#include "net/dns_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SOON_MS 10000
#define TEXTS_MAX 300000

static void
on_done(struct lookup *l, const struct resolve_answer *answer)
{
	struct dns_world *w = list_of(l, struct dns_world, lookup);
	size_t i, at = 0;

	w->calls++;
	w->loop.stop = !w->keep_on;
	if (w->drop) {
		resolver_drop(w->resolver);
		w->resolver = NULL;
	}
	buf_clear(&w->texts);
	for (i = 0; i < answer->count; i++)
		buf_add(&w->texts, answer->records[i].text);
	w->answer = *answer;
	for (i = 0; i < answer->count; i++) {
		w->answer.records[i].text = str_part(buf_str(&w->texts), at,
		    answer->records[i].text.len);
		at += answer->records[i].text.len;
	}
}

static void
on_bell(struct timer *t)
{
	list_of(t, struct dns_world, bell)->loop.stop = true;
}

void
dns_begin(struct dns_world *w, bool trust_ad)
{
	char server[32];
	struct str view;

	memset(w, 0, sizeof *w);
	w->bell.fire = on_bell;
	w->lookup.done = on_done;
	buf_init(&w->texts, TEXTS_MAX);
	assert_int_equal(loop_init(&w->loop), 0);
	dns_peer_open(&w->peer, &w->loop);
	snprintf(server, sizeof server, "127.0.0.1:%u", w->peer.port);
	view = str_of(server);
	assert_int_equal(resolver_open(&w->resolver, &w->loop, &view, 1,
	    trust_ad), 0);
}

void
dns_end(struct dns_world *w)
{
	resolver_drop(w->resolver);
	assert_int_equal(w->loop.timers, 0);
	dns_peer_drop(&w->peer);
	loop_drop(&w->loop);
	buf_drop(&w->texts);
}

void
dns_run(struct dns_world *w, int64_t most_ms)
{
	w->loop.stop = false;
	timer_set(&w->loop, &w->bell, most_ms);
	assert_int_equal(loop_run(&w->loop), 0);
	timer_cancel(&w->loop, &w->bell);
}

const struct resolve_answer *
dns_ask(struct dns_world *w, enum resolve_type type,
	const char *name, const struct dns_script *script)
{
	w->calls = 0;
	w->peer.script = script;
	lookup_begin(w->resolver, &w->lookup, type, str_of(name));
	assert_int_equal(w->calls, 0);
	dns_run(w, SOON_MS);
	assert_int_equal(w->calls, 1);
	assert_null(w->lookup.asked);
	return &w->answer;
}
