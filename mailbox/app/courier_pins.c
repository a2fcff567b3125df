/*
 * DANE (RFC 7672): what a validated DNS says of a server's certificate. Asked
 * for only where the MX and the addresses are validated too: a stranger who
 * chooses the host chooses the records with it.
 *
 * A limit: where the MX host's name is an alias (CNAME), the records are
 * looked for under the alias alone, not first under what it stands for
 * (RFC 7672 section 2.2.2): such a host is taken for one without DANE, unless
 * the alias has records of its own. RFC 5321 section 5.1 allows no such MX.
 */
#include "app/courier_part.h"

#include "base/log.h"

#define PIN_DATA_MAX 65536

static const struct smtp_outcome unknown = {
	.fate = SMTP_TEMPORARY, .status = { 4, 4, 3 },
	.said = "The DNS does not tell now which certificate the mail server "
	    "has (TLSA)"
};

static void
keep(struct place *p, const struct resolve_record *record)
{
	struct tls_pin pin = {
		.usage = record->usage, .selector = record->selector,
		.matching = record->matching, .data = record->text
	};
	size_t start = p->pin_data.len;

	if (!tls_pin_usable(&pin) || p->pin_count == TLS_PINS_MAX ||
	    start + pin.data.len > PIN_DATA_MAX)
		return;
	buf_add(&p->pin_data, pin.data);
	pin.data = str_part(buf_str(&p->pin_data), start, pin.data.len);
	p->pins[p->pin_count++] = pin;
}

/* RFC 7672 section 2.2: what the records bind us to. */
static void
heed(struct place *p, const struct resolve_answer *answer)
{
	size_t i;

	/* at full size from the start, so that the views stay */
	buf_init(&p->pin_data, PIN_DATA_MAX);
	must(buf_space(&p->pin_data, PIN_DATA_MAX) != NULL);
	for (i = 0; i < answer->count; i++)
		keep(p, &answer->records[i]);
	if (p->tls == SMTP_CLIENT_MAYBE)
		p->tls = SMTP_CLIENT_ALWAYS;
	if (p->pin_count == 0)
		return;
	p->proof = TLS_PINNED;
	p->by = PROVEN_DANE;
}

static void
on_tlsa(struct lookup *l, const struct resolve_answer *answer)
{
	struct place *p = list_of(l, struct place, tlsa);
	struct job *j = list_of(p, struct job, place);

	switch (answer->result) {
	case RESOLVE_FOUND:
		if (answer->secure)
			heed(p, answer);
		break;
	case RESOLVE_EMPTY:
	case RESOLVE_NONE:
		break;
	case RESOLVE_FAILED:
		log_event(LOG_INFO, "tlsa-unknown", LOG_S("host", p->host),
		    LOG_C("why", answer->why));
		/* section 2.1.2: as if it could not be reached */
		try_hear_all(j, MX_SILENT, &unknown);
		p->count = 0;
		break;
	}
	try_next(j);
}

void
pins_begin(struct job *j)
{
	struct place *p = &j->place;
	struct buf name;

	buf_init(&name, 512);
	buf_add_format(&name, "_%u._tcp.", p->addresses[0].port);
	buf_add(&name, p->host);
	must(!name.full);
	p->tlsa.done = on_tlsa;
	lookup_begin(j->kit->resolver, &p->tlsa, RESOLVE_TLSA,
	    buf_str(&name));
	buf_drop(&name);
}
