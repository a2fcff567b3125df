/*
 * Writes mailbox/mail/fold_table.h's tables as C, from UnicodeData.txt on the
 * standard input: what each letter is when its simple titlecase is decomposed
 * as far as it goes (RFC 5051 section 2). Hangul syllables, which are ranges
 * there, are not in it. Runs where pillarbox is built.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mail/fold_table.h"

#define END 0x30000		/* the planes that have letters which fold */
#define BLOCK (1 << FOLD_TABLE_BITS)
#define BLOCKS_MAX 256
#define TEXTS_MAX 65536
#define PARTS_MAX 18		/* code points of the longest: U+FDFA */
#define GROWTH 11		/* FOLD_GROWTH of mail/fold.h */
#define LINE_MAX 1024

struct letter {
	uint32_t title;		/* 0: itself */
	uint32_t parts[PARTS_MAX];
	size_t part_count;
};

struct table {
	struct letter letters[END];
	unsigned char tops[END / BLOCK];
	uint16_t blocks[BLOCKS_MAX][BLOCK];
	size_t block_count;
	unsigned char texts[TEXTS_MAX];
	size_t text_len;
};

static void
need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "unicode-data_fold: %s\n", what);
	exit(1);
}

/* Cut the next field off *line. */
static char *
next_field(char **line)
{
	char *field;

	field = *line;
	*line += strcspn(field, ";");
	if (**line == ';')
		*(*line)++ = '\0';
	return field;
}

/* A line of the file: 0 code point, 5 decomposition, 12 upper, 14 title. */
static void
read_line(struct table *t, char *line)
{
	struct letter *letter;
	char *fields[15], *rest;
	unsigned long point;
	size_t i;

	line[strcspn(line, "\r\n")] = '\0';
	for (i = 0; i < 15; i++)
		fields[i] = next_field(&line);
	point = strtoul(fields[0], NULL, 16);
	if (point >= END) {
		need(*fields[5] == '\0' && *fields[12] == '\0', "raise END");
		return;
	}
	letter = &t->letters[point];
	letter->title = (uint32_t)strtoul(*fields[14] != '\0' ? fields[14] :
	    fields[12], NULL, 16);
	rest = fields[5];
	if (*rest == '<')
		rest = strchr(rest, '>') + 1;
	while (*rest != '\0') {
		need(letter->part_count < PARTS_MAX, "raise PARTS_MAX");
		letter->parts[letter->part_count++] =
		    (uint32_t)strtoul(rest, &rest, 16);
	}
}

/* Decompose what can be of the count code points at points; the new count. */
static size_t
decompose(const struct table *t, uint32_t *points, size_t count)
{
	const struct letter *letter;
	size_t i;

	for (i = 0; i < count; ) {
		letter = points[i] < END ? &t->letters[points[i]] : NULL;
		if (letter == NULL || letter->part_count == 0) {
			i++;
			continue;
		}
		need(count + letter->part_count <= PARTS_MAX + 1,
		    "raise PARTS_MAX");
		memmove(points + i + letter->part_count, points + i + 1,
		    (count - i - 1) * sizeof *points);
		memcpy(points + i, letter->parts,
		    letter->part_count * sizeof *points);
		count += letter->part_count - 1;
	}
	return count;
}

static size_t
put_utf8(unsigned char *to, uint32_t point)
{
	size_t len, i;

	len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (i = len - 1; i > 0; i--) {
		to[i] = (unsigned char)(0x80 | (point & 63));
		point >>= 6;
	}
	to[0] = (unsigned char)((len == 1 ? 0 : 0xF00 >> len) | point);
	return len;
}

/* Where a text is among the texts, put there when it is new. */
static uint16_t
place_text(struct table *t, const unsigned char *text, size_t len)
{
	size_t i;

	for (i = 1; i < t->text_len; i += 1u + t->texts[i])
		if (t->texts[i] == len &&
		    memcmp(t->texts + i + 1, text, len) == 0)
			return (uint16_t)i;
	need(t->text_len + 1 + len <= TEXTS_MAX && len < 256, "too many texts");
	t->texts[i] = (unsigned char)len;
	memcpy(t->texts + i + 1, text, len);
	t->text_len += 1 + len;
	return (uint16_t)i;
}

/* What a code point folds to, as fold_table_blocks has it. */
static uint16_t
fold_of(struct table *t, uint32_t point)
{
	unsigned char text[4 * PARTS_MAX], own[4];
	uint32_t points[PARTS_MAX];
	size_t count, len, i;

	points[0] = t->letters[point].title;
	if (points[0] == 0)
		points[0] = point;
	count = decompose(t, points, 1);
	if (count == 1 && points[0] == point)
		return 0;
	len = 0;
	for (i = 0; i < count; i++)
		len += put_utf8(text + len, points[i]);
	need(len <= GROWTH * put_utf8(own, point), "raise GROWTH");
	return place_text(t, text, len);
}

static unsigned char
place_block(struct table *t, const uint16_t block[BLOCK])
{
	size_t i;

	for (i = 0; i < t->block_count; i++)
		if (memcmp(t->blocks[i], block, sizeof t->blocks[i]) == 0)
			return (unsigned char)i;
	need(i < BLOCKS_MAX, "too many blocks");
	memcpy(t->blocks[i], block, sizeof t->blocks[i]);
	t->block_count++;
	return (unsigned char)i;
}

/* Fold all; returns the number of tops. */
static size_t
make_blocks(struct table *t)
{
	uint16_t block[BLOCK];
	size_t i, k, tops;

	tops = 0;
	t->text_len = 1;
	for (i = 0; i < END / BLOCK; i++) {
		for (k = 0; k < BLOCK; k++)
			block[k] = fold_of(t, (uint32_t)(i * BLOCK + k));
		t->tops[i] = place_block(t, block);
		for (k = 0; k < BLOCK; k++)
			if (block[k] != 0)
				tops = i + 1;
	}
	return tops;
}

static void
print_octets(const char *name, const unsigned char *octets, size_t len)
{
	size_t i;

	printf("const unsigned char %s[] = {", name);
	for (i = 0; i < len; i++)
		printf("%s%u,", i % 16 == 0 ? "\n" : "", octets[i]);
	printf("\n};\n");
}

int
main(void)
{
	char line[LINE_MAX];
	struct table *t;
	size_t i, k, tops;

	t = calloc(1, sizeof *t);
	need(t != NULL, "no memory");
	while (fgets(line, sizeof line, stdin) != NULL)
		read_line(t, line);
	tops = make_blocks(t);
	need(tops > 0, "no data");
	printf("#include \"mail/fold_table.h\"\n");
	printf("const uint32_t fold_table_end = %zu;\n", tops * BLOCK);
	print_octets("fold_table_tops", t->tops, tops);
	print_octets("fold_table_texts", t->texts, t->text_len);
	printf("const uint16_t fold_table_blocks[][%d] = {", BLOCK);
	for (i = 0; i < t->block_count; i++) {
		printf("\n{");
		for (k = 0; k < BLOCK; k++)
			printf("%u,", t->blocks[i][k]);
		printf("},");
	}
	printf("\n};\n");
	free(t);
	return 0;
}
