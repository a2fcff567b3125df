/* What only the whole of a configuration can tell to be wrong. */
#include "app/config_table.h"

/* Whether two services want the same port, or none wants any. */
static bool
ports_wrong(const struct config *c, struct buf *why, const char *places[2])
{
	const struct {
		const char *path;
		unsigned number;
	} ports[] = {
		{ "smtp.port", c->smtp_port },
		{ "pop3.port", c->pop3_port },
		{ "pop3.tls_port", c->pop3s_port },
		{ "imap.port", c->imap_port },
		{ "imap.tls_port", c->imaps_port },
		{ "submission.port", c->submission_port },
		{ "submission.tls_port", c->submissions_port },
	};
	bool any = false;
	size_t i, j;

	for (i = 0; i < countof(ports); i++) {
		any = any || ports[i].number != 0;
		for (j = 0; j < i; j++) {
			if (ports[i].number == 0 ||
			    ports[i].number != ports[j].number)
				continue;
			buf_add_format(why, "%s and %s are both %u; give each "
			    "its own", ports[j].path, ports[i].path,
			    ports[i].number);
			places[0] = ports[i].path;
			places[1] = ports[j].path;
			return true;
		}
	}
	if (!any)
		buf_add_text(why, "every port is 0; give smtp.port or "
		    "imap.tls_port a number");
	return !any;
}

/* Whether a sender need not be listed, being at a domain of ours. */
static bool
senders_wrong(const struct config *c, struct buf *why, const char *places[2])
{
	struct str domain;
	size_t i, at;

	for (i = 0; i < c->sender_count; i++) {
		domain = c->senders[i];
		while ((at = str_find(domain, 0, '@')) != STR_NONE)
			str_take(&domain, at + 1);
		if (!domains_hold(&c->domains, domain))
			continue;
		buf_add_format(why, "submission.senders: \"%.100s\" is at a "
		    "domain of your own, which needs no listing; take it out",
		    c->senders[i].at);
		places[0] = "submission.senders";
		return true;
	}
	return false;
}

bool
config_whole_wrong(const struct config *config, struct buf *why,
	const char *places[2])
{
	if (ports_wrong(config, why, places) ||
	    senders_wrong(config, why, places))
		return true;
	if (config->certificate_count > 0 ||
	    (config->pop3_port | config->pop3s_port |
	    config->imap_port | config->imaps_port |
	    config->submission_port | config->submissions_port) == 0)
		return false;
	buf_add_text(why, "tls.certificates is missing, and without one "
	    "nobody can log in; write tls = { certificates = ( { cert = "
	    "\"/a/chain.pem\"; key = \"/a/key.pem\"; } ); }; \"pillarbox "
	    "init --self-signed\" makes such files");
	return true;
}
