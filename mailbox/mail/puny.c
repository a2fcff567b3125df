/*
 * Punycode: the code points beyond ASCII, in rising order, each as the
 * distance from the one before, counted over all places where it might stand
 * (RFC 3492 section 6.3). No sum can overflow: a label has at most 255 places
 * and a code point 21 bits.
 */
#include "mail/puny.h"

#define LABEL_IN_MAX 255	/* octets of UTF-8 */

/* RFC 3492 section 5. */
#define BASE 36u
#define T_MIN 1u
#define T_MAX 26u
#define SKEW 38u
#define DAMP 700u
#define INITIAL_BIAS 72u
#define INITIAL_N 128u

struct points {
	uint32_t at[LABEL_IN_MAX];
	size_t count;
};

/* The code point of a well-formed sequence of len octets. */
static uint32_t
point(struct str s, size_t len)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t value = (uint32_t)str_at(s, 0) & first[len];
	size_t i;

	for (i = 1; i < len; i++)
		value = value << 6 | ((uint32_t)str_at(s, i) & 0x3f);
	return value;
}

static bool
read_points(struct points *p, struct str label)
{
	size_t len;

	p->count = 0;
	if (label.len > LABEL_IN_MAX)
		return false;
	while (label.len > 0) {
		len = str_utf8(label, 0);
		if (len == 0)
			return false;
		p->at[p->count++] = point(label, len);
		str_take(&label, len);
	}
	return true;
}

/* RFC 3492 section 6.1. */
static uint32_t
adapt(uint32_t delta, uint32_t places, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / places;
	while (delta > (BASE - T_MIN) * T_MAX / 2) {
		delta /= BASE - T_MIN;
		k += BASE;
	}
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

/* Add a number in digits of varying weight, the least one first. */
static void
add_delta(struct buf *out, uint32_t delta, uint32_t bias)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t k, t;

	for (k = BASE;; k += BASE) {
		t = k <= bias + T_MIN ? T_MIN :
		    k >= bias + T_MAX ? T_MAX : k - bias;
		if (delta < t)
			break;
		buf_add_char(out, digits[t + (delta - t) % (BASE - t)]);
		delta = (delta - t) / (BASE - t);
	}
	buf_add_char(out, digits[delta]);
}

/* The least code point that is not below n. */
static uint32_t
least_from(const struct points *p, uint32_t n)
{
	uint32_t least = UINT32_MAX;
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->at[i] >= n && p->at[i] < least)
			least = p->at[i];
	return least;
}

bool
puny_label(struct buf *out, struct str label)
{
	uint32_t n = INITIAL_N, bias = INITIAL_BIAS, delta = 0, next;
	uint32_t basic = 0, done;
	struct points p;
	size_t i;

	if (!read_points(&p, label))
		return false;
	for (i = 0; i < p.count; i++)
		if (p.at[i] < 128) {
			buf_add_char(out, (char)p.at[i]);
			basic++;
		}
	if (basic > 0)
		buf_add_char(out, '-');
	for (done = basic; done < p.count; delta++, n++) {
		next = least_from(&p, n);
		delta += (next - n) * (done + 1);
		n = next;
		for (i = 0; i < p.count; i++) {
			if (p.at[i] < n)
				delta++;
			if (p.at[i] != n)
				continue;
			add_delta(out, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
	return true;
}

static bool
add_label(struct buf *out, struct str label)
{
	size_t start = out->len, i;

	if (label.len == 0)
		return false;
	if (str_is_ascii(label)) {
		buf_add(out, label);
	} else {
		buf_add_text(out, "xn--");
		if (!puny_label(out, label))
			return false;
	}
	if (out->full)
		return false;
	for (i = start; i < out->len; i++)
		out->at[i] = (char)char_lower((unsigned char)out->at[i]);
	return out->len - start <= PUNY_LABEL_MAX;
}

bool
puny_domain(struct buf *out, struct str domain)
{
	size_t start = out->len;
	struct str label;

	while (str_split(&domain, '.', &label)) {
		if (!add_label(out, label))
			return false;
		buf_add_char(out, '.');
	}
	return add_label(out, domain) && !out->full &&
	    out->len - start <= PUNY_DOMAIN_MAX;
}
