#include "base/secret.h"

#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

#define SECRET_MAX (64u << 10)

/* Pages of its own, because "not in a core dump" is a property of pages. */
static size_t pages_for(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + 1 + page - 1) / page * page;
}

int secret_set(struct secret *s, const char *bytes, size_t len, struct err *e)
{
	char *p;

	if (len > SECRET_MAX)
		return err_set(e, ERR_SPACE, "a secret is longer than %u bytes", SECRET_MAX);
	p = mmap(NULL, pages_for(len), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return err_set(e, ERR_SPACE, "no memory for a secret");
	(void)madvise(p, pages_for(len), MADV_DONTDUMP);
	(void)mlock(p, pages_for(len));         /* not into swap, where the limit allows it */
	if (len)
		memcpy(p, bytes, len);
	secret_done(s);
	*s = (struct secret){ p, len };
	return 0;
}

const char *secret_show(const struct secret *s)
{
	return s->bytes ? "***" : "(none)";
}

bool secret_eq(const struct secret *a, const struct secret *b)
{
	volatile unsigned char differ = 0;

	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		differ |= (unsigned char)(a->bytes[i] ^ b->bytes[i]);
	return differ == 0;
}

void secret_done(struct secret *s)
{
	if (s->bytes) {
		secret_wipe(s->bytes, s->len);
		(void)munmap(s->bytes, pages_for(s->len));
	}
	*s = (struct secret){ 0 };
}

void secret_wipe(void *p, size_t n)
{
	/* NULL with 0 is a buffer that took nothing: no memory, and nothing for a function that wants some. */
	if (n)
		explicit_bzero(p, n);
}
