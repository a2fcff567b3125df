/* Signatures: the vectors of RFC 6376 and 8463, and what we make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "mail/head.h"
#include "proof/canon.h"
#include "proof/sign.h"
#include "proof/verify.h"

int sign_test(void);

/* RFC 8032 section 7.1, test 1; RFC 8463 appendix A.1. */
static const char ed25519_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

/* RFC 8463 appendix A.1. */
static const char rsa_pem[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\n"
    "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM\n"
    "KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB\n"
    "AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm\n"
    "6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe\n"
    "zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy\n"
    "6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc\n"
    "uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy\n"
    "WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd\n"
    "WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a\n"
    "licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst\n"
    "o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe\n"
    "uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL\n"
    "-----END RSA PRIVATE KEY-----\n";

/* RFC 6376 appendix C. */
static const char brisbane_pem[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIICXwIBAAKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFC\n"
    "jxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gb\n"
    "to/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB\n"
    "AoGBALmn+XwWk7akvkUlqb+dOxyLB9i5VBVfje89Teolwc9YJT36BGN/l4e0l6QX\n"
    "/1//6DWUTB3KI6wFcm7TWJcxbS0tcKZX7FsJvUz1SbQnkS54DJck1EZO/BLa5ckJ\n"
    "gAYIaqlA9C0ZwM6i58lLlPadX/rtHb7pWzeNcZHjKrjM461ZAkEA+itss2nRlmyO\n"
    "n1/5yDyCluST4dQfO8kAB3toSEVc7DeFeDhnC1mZdjASZNvdHS4gbLIA1hUGEF9m\n"
    "3hKsGUMMPwJBAPW5v/U+AWTADFCS22t72NUurgzeAbzb1HWMqO4y4+9Hpjk5wvL/\n"
    "eVYizyuce3/fGke7aRYw/ADKygMJdW8H/OcCQQDz5OQb4j2QDpPZc0Nc4QlbvMsj\n"
    "7p7otWRO5xRa6SzXqqV3+F0VpqvDmshEBkoCydaYwc2o6WQ5EBmExeV8124XAkEA\n"
    "qZzGsIxVP+sEVRWZmW6KNFSdVUpk3qzK0Tz/WjQMe5z0UunY9Ax9/4PVhp/j61bf\n"
    "eAYXunajbBSOLlx4D+TunwJBANkPI5S9iylsbLs6NkaMHV6k5ioHBBmgCak95JGX\n"
    "GMot/L2x0IYyMLAz6oLWh2hm7zwtb0CgOrPo1ke44hFYnfc=\n"
    "-----END RSA PRIVATE KEY-----\n";

#define HEAD "From: Joe SixPack <joe@football.example.com>\r\n" \
	"To: Suzie Q <suzie@shopping.example.net>\r\n" \
	"Subject: Is dinner ready?\r\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"

static struct crypto_key *
read_key(const char *pem)
{
	struct crypto_key *key;

	assert_int_equal(crypto_key_read(&key, str_of(pem)), 0);
	return key;
}

/* Sign text as it stands: the answer in base64 must be want. */
static void
check_raw(const char *pem, struct str text, const char *want)
{
	unsigned char hash[SHA256_SIZE];
	struct crypto_key *key;
	struct buf raw, out;

	key = read_key(pem);
	buf_init(&raw, CRYPTO_SIGNATURE_MAX);
	buf_init(&out, 2 * CRYPTO_SIGNATURE_MAX);
	crypto_sha256(text, hash);
	crypto_key_sign(key, hash, &raw);
	base64_encode(&out, buf_str(&raw));
	assert_string_equal(buf_text(&out), want);
	buf_drop(&raw);
	buf_drop(&out);
	crypto_key_drop(key);
}

/* The fields of RFC 8463 A.3 in the order of its h=, then the one given. */
static void
check_8463(const char *pem, const char *field, const char *want)
{
	static const char *const order[] = {
		"from", "to", "subject", "date", "message-id"
	};
	struct head_field found;
	struct buf text;
	struct str in;
	size_t i;

	buf_init(&text, 4096);
	for (i = 0; i < countof(order); i++) {
		assert_true(head_find(STR(HEAD), str_of(order[i]), &found));
		canon_field(&text, &found);
	}
	in = str_of(field);
	assert_true(head_next(&in, &found));
	canon_field(&text, &found);
	check_raw(pem, str_part(buf_str(&text), 0, text.len - 2), want);
	buf_drop(&text);
}

static void
test_rfc8463(void **state)
{
	(void)state;
	check_8463(ed25519_pem,
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
	    " d=football.example.com; i=@football.example.com;\r\n"
	    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
	    " subject : date : message-id : from : subject : date;\r\n"
	    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	    " b=\r\n",
	    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus"
	    "Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
	check_8463(rsa_pem,
	    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
	    " d=football.example.com; i=@football.example.com;\r\n"
	    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
	    " date : message-id : from : subject : date;\r\n"
	    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	    " b=\r\n",
	    "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3"
	    "DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
	    "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=");
}

/*
 * RFC 6376 appendix A.2: simple, so the fields count as they stand; with the
 * six spaces that were there when it was signed.
 */
static void
test_rfc6376(void **state)
{
	(void)state;
	check_raw(brisbane_pem, STR(
	    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
	    "      by submitserver.example.com with SUBMISSION;\r\n"
	    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
	    HEAD
	    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
	    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
	    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
	    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	    "      b=;"),
	    "AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB"
	    "4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut"
	    "KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV"
	    "4bmp/YzhwvcubU4=");
}

/* Sign with one or two keys: RSA as s1, then Ed25519 as s2. */
struct pair {
	struct crypto_key *keys[2];
	struct sign_key named[2];
	struct signer signer;
};

static void
pair_init(struct pair *p)
{
	p->keys[0] = read_key(rsa_pem);
	p->keys[1] = read_key(ed25519_pem);
	p->named[0] = (struct sign_key){ STR("s1"), p->keys[0] };
	p->named[1] = (struct sign_key){ STR("s2"), p->keys[1] };
	p->signer = (struct signer){
		.domain = STR("example.test"),
		.keys = p->named,
		.count = 2,
		.now = 1700000000
	};
}

static void
pair_drop(struct pair *p)
{
	crypto_key_drop(p->keys[0]);
	crypto_key_drop(p->keys[1]);
}

/* Add the signatures, for the caller to look at and drop. */
static enum sign_result
pair_sign(struct pair *p, struct str head, struct str body, struct buf *out)
{
	unsigned char hash[SHA256_SIZE];
	struct canon canon;

	canon_init(&canon);
	canon_feed(&canon, body);
	canon_end(&canon, hash);
	buf_init(out, 1 << 20);
	return sign_add(out, &p->signer, head, hash);
}

#define GUARDED "Subject:Date:To:Message-ID:Cc:Reply-To:In-Reply-To:" \
	"References:\r\n MIME-Version:Content-Type:Content-Transfer-Encoding"

static void
test_form(void **state)
{
	struct pair p;
	struct buf out;
	size_t b;

	(void)state;
	pair_init(&p);
	p.signer.keys++;
	p.signer.count = 1;
	assert_int_equal(pair_sign(&p, STR("From: a@example.test\r\n"
	    "X-Other: no\r\n\r\nFrom: of the body\r\n"),
	    STR("Hello.\r\n"), &out), SIGN_DONE);
	b = str_find_str(buf_str(&out), STR(" b="));
	assert_true(b != STR_NONE);
	/* 64 bytes in base64, one fold, the last line end */
	assert_int_equal(out.len, b + 3 + 88 + 3 + 2);
	buf_cut(&out, b);
	assert_string_equal(buf_text(&out),
	    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
	    " d=example.test;\r\n"
	    " s=s2; t=1700000000;\r\n"
	    " h=From:From:" GUARDED ";\r\n"
	    " bh=yZQq1c8wjBl0fZ4Wc/oraMCAG1mZJv5v/hlvyFy+t6A=;\r\n");
	buf_drop(&out);
	pair_drop(&p);
}

/* Whether both signatures above head and body are good. */
static void
check_good(struct pair *p, struct str added, struct str head, struct str body)
{
	struct buf message, open;
	size_t i;

	buf_init(&message, 1 << 20);
	buf_init(&open, CRYPTO_PUBLIC_MAX);
	buf_add(&message, added);
	buf_add(&message, head);
	buf_add_text(&message, "\r\n");
	buf_add(&message, body);
	for (i = 0; i < 2; i++) {
		buf_clear(&open);
		crypto_key_public(p->keys[i], &open);
		assert_true(verify_message(buf_str(&message), i,
		    buf_str(&open)));
	}
	buf_drop(&message);
	buf_drop(&open);
}

static void
test_verifies(void **state)
{
	static const struct {
		const char *head;
		const char *body;
	} cases[] = {
		{ HEAD, "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?"
		    "\r\n\r\nJoe.\r\n" },
		{ HEAD, "" },
		{ "From: a@example.test\r\n", "\r\n" },
		/* several of a name count from the last */
		{ "List-Help: 1\r\nfrom: one@example.test\r\n"
		    "Subject: 1\r\nFROM : two@example.test\r\n"
		    "Subject: 2\r\nSubject:\r\n 3\r\nList-Help: 2\r\n",
		    " a \r\n\r\n" },
		{ "From: a@example.test\r\nSubject:\r\n \r\n\t\r\n x\r\n",
		    "no end" },
	};
	struct pair p;
	struct buf out;
	struct str line, rest;
	size_t i;

	(void)state;
	pair_init(&p);
	for (i = 0; i < countof(cases); i++) {
		assert_int_equal(pair_sign(&p, str_of(cases[i].head),
		    str_of(cases[i].body), &out), SIGN_DONE);
		check_good(&p, buf_str(&out), str_of(cases[i].head),
		    str_of(cases[i].body));
		for (rest = buf_str(&out); str_split(&rest, '\n', &line); )
			assert_true(line.len <= 79);
		buf_drop(&out);
	}
	pair_drop(&p);
}

static void
test_refused(void **state)
{
	struct buf head, out;
	struct pair p;
	int i;

	(void)state;
	pair_init(&p);
	assert_int_equal(pair_sign(&p, STR("To: a@example.test\r\n"),
	    STR(""), &out), SIGN_NO_FROM);
	assert_int_equal(out.len, 0);
	buf_drop(&out);
	assert_int_equal(pair_sign(&p, STR(""), STR(""), &out), SIGN_NO_FROM);
	buf_init(&head, 1 << 16);
	buf_add_text(&head, "From: a@example.test\r\n");
	for (i = 1; i < SIGN_FIELDS_MAX; i++)
		buf_add_text(&head, "List-Help: x\r\nX-Any: y\r\n");
	assert_int_equal(pair_sign(&p, buf_str(&head), STR(""), &out),
	    SIGN_DONE);
	check_good(&p, buf_str(&out), buf_str(&head), STR(""));
	buf_drop(&out);
	buf_add_text(&head, "Subject: one more\r\n");
	assert_int_equal(pair_sign(&p, buf_str(&head), STR(""), &out),
	    SIGN_TOO_MANY);
	assert_int_equal(out.len, 0);
	buf_drop(&out);
	buf_drop(&head);
	pair_drop(&p);
}

static void
test_record(void **state)
{
	struct crypto_key *key = read_key(rsa_pem);
	struct buf out, split;

	(void)state;
	buf_init(&out, SIGN_RECORD_MAX);
	buf_init(&split, SIGN_RECORD_MAX);
	sign_record_name(&out, STR("test"), STR("football.example.com"));
	assert_string_equal(buf_text(&out),
	    "test._domainkey.football.example.com");
	/* RFC 8463 appendix A.2. */
	buf_clear(&out);
	sign_record(&out, key);
	assert_string_equal(buf_text(&out),
	    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoB"
	    "TzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W"
	    "91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9Pzox"
	    "ZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB");
	crypto_key_drop(key);
	key = read_key(ed25519_pem);
	buf_clear(&out);
	sign_record(&out, key);
	assert_string_equal(buf_text(&out), "v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	sign_record_split(&split, buf_str(&out));
	assert_string_equal(buf_text(&split), "\"v=DKIM1; k=ed25519; "
	    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"");
	crypto_key_drop(key);
	buf_drop(&out);
	buf_drop(&split);
}

/* Strings of 255 bytes and what is left; never an empty one behind. */
static void
test_record_split(void **state)
{
	static const size_t lens[] = { 0, 1, 254, 255, 256, 510, 511, 600 };
	struct buf record, split;
	size_t i;

	(void)state;
	buf_init(&record, SIGN_RECORD_MAX);
	buf_init(&split, SIGN_RECORD_MAX);
	for (i = 0; i < countof(lens); i++) {
		buf_clear(&split);
		while (record.len < lens[i])
			buf_add_char(&record, 'x');
		sign_record_split(&split, buf_str(&record));
		/* each string costs its quotes, all but one a space */
		assert_int_equal(split.len + 1, lens[i] + 3 *
		    (lens[i] <= 255 ? 1 : lens[i] <= 510 ? 2 : 3));
		assert_int_equal(str_at(buf_str(&split), 0), '"');
		if (lens[i] > 255)
			assert_memory_equal(split.at + 255, "x\" \"x", 5);
	}
	buf_drop(&record);
	buf_drop(&split);
}

int
sign_test(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8463),
		cmocka_unit_test(test_rfc6376),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_verifies),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_record_split),
	};

	return cmocka_run_group_tests_name("proof/sign", tests, NULL, NULL);
}
