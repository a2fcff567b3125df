/* Counts who uses a set-up, and derives what all its sessions share. */
#include "app/era.h"

#include <stdlib.h>

/* The PEM texts are of no use once TLS has read them. */
static void
texts_forget(struct setup *setup)
{
	size_t i;

	for (i = 0; i < CONFIG_CERTIFICATES_MAX; i++) {
		buf_wipe(&setup->keys[i]);
		buf_drop(&setup->certs[i]);
		setup->pairs[i] = (struct tls_pair){ .cert = { NULL, 0 } };
	}
	buf_drop(&setup->text);
}

int
era_open(struct era **out, struct setup *setup, bool tickets)
{
	struct era *era = xalloc(1, sizeof *era);
	const struct config *config = &era->setup.config;
	int err = 0;

	era->users = 1;
	era->setup = *setup;
	*setup = (struct setup){ .text = { NULL, 0, 0, 0, false } };
	if (config->certificate_count > 0)
		err = tls_server_open(&era->tls, era->setup.pairs,
		    config->certificate_count, tickets);
	texts_forget(&era->setup);
	if (err != 0) {
		era_drop(era);
		return err;
	}
	era->policy = (struct smtp_policy){
		.host = str_of(config->host),
		.domains = &config->domains,
		.size_max = config->size_max,
		.line_max = config->line_max,
		.tls = era->tls != NULL,
		.own_sender_refused = config->own_sender_refused
	};
	era->submission = era->policy;
	era->submission.submission = true;
	era->submission.own_sender_refused = false;
	era->submission.listed = config->senders;
	era->submission.listed_count = config->sender_count;
	*out = era;
	return 0;
}

struct era *
era_hold(struct era *era)
{
	era->users++;
	return era;
}

void
era_drop(struct era *era)
{
	if (era == NULL || --era->users > 0)
		return;
	tls_server_drop(era->tls);
	setup_drop(&era->setup);
	free(era);
}
