/* Lines of a manifest: whatever is read is written again as the same bytes. */
#include "data/manifest_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_line(struct sv s)
{
	autobuf struct buf text = BUF_MAX(MANIFEST_LINE_MAX), again = BUF_MAX(MANIFEST_LINE_MAX);
	struct manifest_line line;
	struct err e = ERR_INIT;

	(void)sums_line_below(s, "a\nroot");
	if (manifest_root_parse(s, &text))
		manifest_root_put(buf_str(&text), &again);
	if (manifest_line_parse(s, &line, &text, &e) < 0)
		return;
	buf_reset(&again);
	manifest_line_put(&line, &again);
	if (again.len != s.n + 1 || memcmp(again.data, s.p, s.n) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sv rest = { (const char *)data, size };

	while (rest.n)
		one_line(sv_line(&rest));
	return 0;
}
