/* A value of any size, walked: what a parser that holds it whole takes, the walk takes, and passes on byte for byte. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/file.h"
#include "io/json.h"
#include "io/json_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OUT_MAX (16u << 20)
#define DEPTH   512 /* of the walk; the parser goes deeper */

static int to_buf(void *arg, struct sv bytes, struct err *e)
{
	buf_add_sv(arg, bytes);
	return buf_check(arg, "what is passed", e);
}

static int walk(int fd, struct buf *passed, struct err *e)
{
	struct json_stream s;

	json_stream_init(&s, fd, "input", to_buf, passed);
	return json_stream_skip(&s, e) < 0 || json_stream_end(&s, e) < 0 ? -(int)e->kind : 0;
}

static bool may_be_too_deep(struct sv text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '{' || text.p[i] == '[';
	return n >= DEPTH;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv text = { (const char *)data, size };
	autobuf struct buf passed = BUF_MAX(OUT_MAX);
	autoclose int fd = memfd_create("fuzz", MFD_CLOEXEC);
	autojson json_t *whole = json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL);
	struct err e = ERR_INIT;
	int r;

	if (fd < 0 || file_write_all(fd, data, size, "input", &e) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return 0;
	r = walk(fd, &passed, &e);
	if (r < 0 && (!e.msg[0] || (whole && !may_be_too_deep(text))))
		abort();
	if (r == 0 && (passed.len != size || memcmp(buf_str(&passed), data, size)))
		abort();
	return 0;
}
