/* How letters fold; made of UnicodeData.txt by firmware/unicode-data_fold.c. */
#ifndef MAIL_FOLD_TABLE_H
#define MAIL_FOLD_TABLE_H

#include <stdint.h>

#define FOLD_TABLE_BITS 6	/* code points of a block: 2 to the power of */

extern const uint32_t fold_table_end;	/* from here on none folds */

/* By code point >> FOLD_TABLE_BITS: the number of its block. */
extern const unsigned char fold_table_tops[];

/* By the number of a block, then by the low bits: where in the texts; 0: the
   letter folds to itself. */
extern const uint16_t fold_table_blocks[][1 << FOLD_TABLE_BITS];

/* How many octets, then as many of UTF-8. */
extern const unsigned char fold_table_texts[];

#endif
