/*
 * Run a fuzz target over kept inputs, without a fuzzer.
 *
 * usage: NAME FOLDER...
 *
 * Every file of every folder is given to LLVMFuzzerTestOneInput() so that it
 * ends where memory ends, each in a process of its own: one that crashes is
 * named, and the others still run. The empty input always comes first.
 */
#define _DEFAULT_SOURCE		/* MAP_ANONYMOUS, d_type */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_MAX (1 << 20)	/* bytes of one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

/* Pages of INPUT_MAX bytes in front of one that cannot be read. */
static uint8_t *
guarded(void)
{
	uint8_t *pages;
	size_t page;

	page = (size_t)sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, INPUT_MAX + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED ||
	    mprotect(pages + INPUT_MAX, page, PROT_NONE) != 0)
		die("guard page");
	return pages;
}

/* Whether the target survives the last size bytes of pages. */
static int
survives(const uint8_t *pages, size_t size)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		(void)LLVMFuzzerTestOneInput(pages + INPUT_MAX - size, size);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Read a file to the end of pages; returns its size. */
static size_t
load(uint8_t *pages, const char *path)
{
	size_t size;
	FILE *file;

	file = fopen(path, "rb");
	if (file == NULL)
		die(path);
	size = fread(pages, 1, INPUT_MAX, file);
	if (ferror(file))
		die(path);
	fclose(file);
	memmove(pages + INPUT_MAX - size, pages, size);
	return size;
}

int
main(int argc, char **argv)
{
	unsigned passed, failed;
	struct dirent *entry;
	char path[4096];
	uint8_t *pages;
	DIR *folder;
	int i;

	pages = guarded();
	failed = !survives(pages, 0);
	passed = !failed;
	for (i = 1; i < argc; i++) {
		folder = opendir(argv[i]);
		if (folder == NULL)
			die(argv[i]);
		while ((entry = readdir(folder)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(path, sizeof path, "%s/%s", argv[i],
			    entry->d_name);
			if (survives(pages, load(pages, path)))
				passed++;
			else {
				failed++;
				printf("%s: crashed\n", path);
			}
		}
		closedir(folder);
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
