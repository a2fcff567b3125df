/* One result, noted in the open transaction with its reports. */
#ifndef APP_POST_NOTE_H
#define APP_POST_NOTE_H

struct post;
struct post_result;

/*
 * Note it: who has it, who never will, who is tried again and when. Each
 * outcome is logged.
 *
 * Returns:  0; otherwise as db_commit(): then nothing of it is noted, or the
 *           transaction is doomed.
 */
int post_note_result(struct post *p, struct post_result *result)
	__attribute__((warn_unused_result));

#endif
