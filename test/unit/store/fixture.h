/* A box of its own for every test, in a folder that is removed after. */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "base/buf.h"
#include "base/clock.h"
#include "store/box.h"
#include "store/credential.h"
#include "store/message.h"

#define FIXTURE_PASSWORD "correct horse"

struct fixture {
	char dir[64];
	struct clock clock;
	struct db *db;
	struct seal_owner *owner;	/* after fixture_unlock() */
	struct buf recovery;
};

/* cmocka's setup and teardown: *state is a struct fixture with a new box. */
int fixture_begin(void **state);
int fixture_end(void **state);

/* Close without a word, as a crash does, and open again. */
void fixture_reopen(struct fixture *f, enum db_mode mode);

/* Get the owner's key by the recovery key, which is quick. */
struct seal_owner *fixture_unlock(struct fixture *f);

/* The bytes of message n: size of them, lines ended by CRLF. */
void fixture_text(struct buf *text, unsigned n, size_t size);

/* Write message n of that size and keep it; the caller commits. */
uint32_t fixture_keep(struct fixture *f, unsigned n, size_t size);

/* Begin message n and write its pieces. */
struct message_writer *fixture_write(struct fixture *f, unsigned n,
	size_t size);

/* Make the summary of a message. Returns: 0 or the first error. */
int fixture_summarise(struct fixture *f, struct message_reader *r,
	uint64_t message, struct buf *head, struct buf *body);

/* Read a message whole. Returns: 0 or the first error. */
int fixture_read(struct fixture *f, uint64_t message, struct buf *out);

/* Whether the mailbox holds just these messages, in this order. */
void fixture_holds(struct fixture *f, const unsigned *numbers,
	const size_t *sizes, size_t count);

/* How many files are in a folder below the data directory. */
size_t fixture_files(const struct fixture *f, const char *folder);

/* The one number that a query of this very connection answers. */
int64_t fixture_number(const struct fixture *f, const char *text);

/* Run SQL behind the store's back. */
void fixture_sql(const struct fixture *f, const char *text);

#endif
