/*
 * What test/live/test_dkim.py needs of mailbox/proof, as a program:
 *
 * usage: dkim_sign make rsa|ed25519 >KEY
 *        dkim_sign record KEY
 *        dkim_sign sign DOMAIN SELECTOR KEY [SELECTOR KEY] <MESSAGE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof/canon.h"
#include "proof/sign.h"

#define FILE_MAX (1 << 24)
#define KEYS_MAX 4
#define NOW 1700000000

static void
read_all(FILE *file, struct buf *out)
{
	char part[4096];
	size_t got;

	must(file != NULL);
	buf_init(out, FILE_MAX);
	while ((got = fread(part, 1, sizeof part, file)) > 0)
		buf_add(out, str_from(part, got));
	must(!out->full);
}

static struct crypto_key *
read_key(const char *path)
{
	struct crypto_key *key;
	struct buf pem;
	FILE *file;

	file = fopen(path, "r");
	read_all(file, &pem);
	fclose(file);
	must(crypto_key_read(&key, buf_str(&pem)) == 0);
	buf_wipe(&pem);
	return key;
}

static void
print(const struct buf *out)
{
	must(!out->full && fwrite(out->at, 1, out->len, stdout) == out->len);
}

static void
make(const char *kind)
{
	struct buf pem;

	buf_init(&pem, CRYPTO_KEY_PEM_MAX);
	crypto_key_make(strcmp(kind, "rsa") == 0 ? CRYPTO_RSA :
	    CRYPTO_ED25519, &pem);
	print(&pem);
	buf_wipe(&pem);
}

static void
record(const char *path)
{
	struct crypto_key *key = read_key(path);
	struct buf out, split;

	buf_init(&out, SIGN_RECORD_MAX);
	buf_init(&split, SIGN_RECORD_MAX);
	sign_record(&out, key);
	sign_record_split(&split, buf_str(&out));
	print(&out);
	putchar('\n');
	print(&split);
	putchar('\n');
	buf_drop(&out);
	buf_drop(&split);
	crypto_key_drop(key);
}

/* Print the message with its signatures. */
static void
sign(struct signer *signer, char **words, int count)
{
	struct sign_key keys[KEYS_MAX];
	struct crypto_key *own[KEYS_MAX];
	unsigned char hash[SHA256_SIZE];
	struct buf message, out;
	struct canon canon;
	size_t body;
	int i;

	for (i = 0; 2 * i + 1 < count && i < KEYS_MAX; i++) {
		own[i] = read_key(words[2 * i + 1]);
		keys[i] = (struct sign_key){ str_of(words[2 * i]), own[i] };
	}
	signer->keys = keys;
	signer->count = (size_t)i;
	read_all(stdin, &message);
	body = str_find_str(buf_str(&message), STR("\r\n\r\n"));
	must(body != STR_NONE);
	body += 4;
	canon_init(&canon);
	canon_feed(&canon, str_part(buf_str(&message), body, message.len));
	canon_end(&canon, hash);
	buf_init(&out, FILE_MAX);
	must(sign_add(&out, signer, str_part(buf_str(&message), 0, body),
	    hash) == SIGN_DONE);
	buf_add(&out, buf_str(&message));
	print(&out);
	buf_drop(&out);
	buf_drop(&message);
	while (i-- > 0)
		crypto_key_drop(own[i]);
}

int
main(int argc, char **argv)
{
	struct signer signer = { .now = NOW };

	crypto_start();
	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		make(argv[2]);
	} else if (argc == 3 && strcmp(argv[1], "record") == 0) {
		record(argv[2]);
	} else if (argc >= 5 && strcmp(argv[1], "sign") == 0) {
		signer.domain = str_of(argv[2]);
		sign(&signer, argv + 3, argc - 3);
	} else {
		fprintf(stderr, "usage: dkim_sign make|record|sign ...\n");
		return 2;
	}
	return 0;
}
