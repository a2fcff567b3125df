/*
 * Messages as files: however a message is cut, it is written the same; in an
 * mbox no line of it is taken for a From_ line; and read back with the
 * quoting undone, its lines are those of the file without quoting. The first
 * byte of the input chooses the cut. A bare CR is in no stored message, and
 * so is left to the first of these.
 */
#include "app/mbox.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Write a message in pieces of step bytes; returned owned. */
static char *
write_cut(struct str wire, bool quote, size_t step, size_t *len)
{
	struct mbox_out o = { .quote = quote };
	char *text;
	FILE *file = open_memstream(&text, len);

	must(file != NULL);
	while (wire.len > 0)
		mbox_write(&o, file, str_take(&wire, step));
	mbox_write_end(&o, file);
	must(fclose(file) == 0);
	return text;
}

/* The lines of a file, ended by LF; returned owned. */
static char *
read_lines(char *text, size_t len, bool quoted, size_t *out_len)
{
	struct mbox_in *in = xalloc(1, sizeof *in);
	struct mbox_line line;
	int64_t when;
	char *lines;
	FILE *out = open_memstream(&lines, out_len);

	in->file = fmemopen(text, len, "r");
	must(in->file != NULL && out != NULL);
	while (mbox_read(in, &line)) {
		must(!quoted || !line.starts ||
		    !mbox_is_from(line.text, &when));
		if (quoted && line.starts)
			(void)str_take(&line.text, mbox_quoted(line.text));
		must(fwrite(line.text.at, 1, line.text.len, out) ==
		    line.text.len);
		if (line.ends)
			fputc('\n', out);
	}
	must(fclose(out) == 0);
	fclose(in->file);
	free(in);
	return lines;
}

/* Quoted and not, the lines are the same. */
static void
check_lines(struct str wire)
{
	char *plain, *quoted, *lines, *again;
	size_t plain_len, quoted_len, lines_len, again_len;

	plain = write_cut(wire, false, wire.len, &plain_len);
	quoted = write_cut(wire, true, wire.len, &quoted_len);
	must(plain_len > 0 && plain[plain_len - 1] == '\n');
	lines = read_lines(plain, plain_len, false, &lines_len);
	again = read_lines(quoted, quoted_len, true, &again_len);
	must(lines_len == again_len && memcmp(lines, again, lines_len) == 0);
	free(plain);
	free(quoted);
	free(lines);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *whole, *cut;
	size_t whole_len, cut_len, i;
	struct str wire;
	bool bare = false;

	if (size < 2)
		return 0;
	wire = str_from(data + 1, size - 1);
	whole = write_cut(wire, true, wire.len, &whole_len);
	cut = write_cut(wire, true, data[0] + 1u, &cut_len);
	must(cut_len == whole_len && memcmp(cut, whole, cut_len) == 0);
	free(whole);
	free(cut);
	for (i = 0; i < wire.len; i++)
		bare |= str_at(wire, i) == '\r' && str_at(wire, i + 1) != '\n';
	if (!bare)
		check_lines(wire);
	return 0;
}
