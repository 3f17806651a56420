/* tree-oracle DIR [--leave-out NAME]... [--times] [--no-contents] */
#include "oracle.h"

#include <stdlib.h>
#include <string.h>

#define LEAVE_OUT_MAX 64

int main(int argc, char **argv)
{
	const char *names[LEAVE_OUT_MAX + 1] = { NULL };
	struct oracle_opts o = { .leave_out = names, .contents = true };
	const char *dir = NULL;
	size_t n = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--times") == 0)
			o.times = true;
		else if (strcmp(argv[i], "--no-contents") == 0)
			o.contents = false;
		else if (strcmp(argv[i], "--leave-out") == 0 && i + 1 < argc && n < LEAVE_OUT_MAX)
			names[n++] = argv[++i];
		else if (!dir && argv[i][0] != '-')
			dir = argv[i];
		else
			dir = NULL, i = argc;
	}
	if (!dir) {
		fputs("usage: tree-oracle DIR [--leave-out NAME]... [--times] [--no-contents]\n",
		      stderr);
		return 2;
	}
	return oracle_print(dir, &o, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE
									: EXIT_SUCCESS;
}
