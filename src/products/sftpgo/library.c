#include "products/sftpgo/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const char *so, const char *package, const struct library_call *names, size_t n,
		 void *calls, struct err *e)
{
	void *lib = dlopen(so, RTLD_NOW | RTLD_LOCAL);

	if (!lib) {
		(void)err_set(e, ERR_ABSENT, "%s cannot be loaded", so);
		return err_hint(e, "install the package %s", package);
	}
	for (size_t i = 0; i < n; i++) {
		void *found = dlsym(lib, names[i].name);

		if (!found)
			return err_set(e, ERR_ABSENT, "%s has no '%s'", so, names[i].name);
		/* POSIX lets a symbol's address be read as a function only through an object of
		 * that type. */
		memcpy((char *)calls + names[i].at, &found, sizeof found);
	}
	return 0;
}
