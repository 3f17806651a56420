/* Runs a fuzz target over the files of its corpus: a plain test where there is no libFuzzer.
 *
 *	replay DIRECTORY...          each regular file in them, in order of name */
#include "io/file.h"

#define INPUT_MAX (8u << 20)
#define FILES_MAX 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const struct dir *d, const char *name, struct err *e)
{
	autobuf struct buf input = BUF_MAX(INPUT_MAX);

	if (file_read(d, name, &input, e) < 0)
		return -(int)e->kind;
	LLVMFuzzerTestOneInput((const uint8_t *)buf_str(&input), input.len);
	return 0;
}

/* Number of files replayed. */
static int replay_dir(const char *path, struct err *e)
{
	autodir struct dir d = DIR_NONE;
	cleanup_with(dir_names_done) struct dir_names names = { 0 };

	if (dir_open(path, &d, e) < 0 || dir_list(&d, ".", FILES_MAX, &names, e) < 0)
		return -(int)e->kind;
	vec_each(&names, it)
		if (replay_file(&d, it->name, e) < 0)
			return -(int)e->kind;
	return (int)names.n;
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int n = replay_dir(argv[i], &e);

		if (n < 0) {
			fprintf(stderr, "replay: %s\n", e.msg);
			return 1;
		}
		total += n;
	}
	printf("replayed %d\n", total);
	return total ? 0 : 1;
}
