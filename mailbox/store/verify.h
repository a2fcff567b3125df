/* What a sealed file must look like from outside. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "mail/piece.h"
#include "store/db_inner.h"

/* Whether a file of len bytes can hold a message of size octets, sealed. */
bool verify_file_len(uint64_t size, uint64_t len);

#endif
