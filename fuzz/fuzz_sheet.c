/* A product's sheet, as /etc/crossgrade/sheets.d may hold anything: read it and ask it. */
#include <stdint.h>

#include "engine/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sheet sheet = { 0 };
	struct sheet_check about;
	struct err e = ERR_INIT;
	const char *id;
	json_t *entry;

	if (sheet_load("fuzz", (struct sv){ (const char *)data, size }, &sheet, &e) < 0)
		return 0;
	json_object_foreach(json_object_get(sheet.doc, "checks"), id,
			    entry) if (sheet_check(&sheet, id, &about) &&
				       (!about.title || !about.source)) abort();
	(void)sheet_rule(&sheet, "questdb.system-table");
	(void)sheet_value(&sheet, "pairing");
	sheet_done(&sheet);
	return 0;
}
