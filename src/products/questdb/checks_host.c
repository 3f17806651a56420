/* The host: limits, memory, the gate, the clock. */
#include "engine/container_move.h"
#include "products/questdb/checks.h"

#define LIMIT_WANTED 1048576

CHECK(lim_nofile)
{
	static const char id[] = "questdb.lim-nofile";
	const json_t *hard;
	int64_t n;

	if (!need(now, QF_NOFILE_HARD, id, ret, &hard))
		return;
	n = json_integer_value(hard);
	/* 20000 served 30,000 files normally (seen), so this never blocks. */
	results_add(ret, id, n >= 0 && n < LIMIT_WANTED ? VERDICT_WARN : VERDICT_PASS, NULL,
		    "hard limit %lld", (long long)n);
}

CHECK(lim_mmap)
{
	static const char id[] = "questdb.lim-mmap";
	const json_t *count;

	if (!need(now, QF_MAX_MAP_COUNT, id, ret, &count))
		return;
	results_add(ret, id, json_integer_value(count) < LIMIT_WANTED ? VERDICT_WARN : VERDICT_PASS,
		    NULL, "vm.max_map_count is %lld", (long long)json_integer_value(count));
}

CHECK(fd_estimate)
{
	static const char id[] = "questdb.fd-estimate";
	const json_t *files, *hard;
	int64_t n, limit;

	if (!need(now, QF_FD_ESTIMATE, id, ret, &files) ||
	    !need(now, QF_NOFILE_HARD, id, ret, &hard))
		return;
	n = json_integer_value(files);
	limit = json_integer_value(hard);
	results_add(ret, id, limit >= 0 && n > limit ? VERDICT_WARN : VERDICT_PASS, NULL,
		    "%lld files if everything is open at once, the limit is %lld", (long long)n,
		    (long long)limit);
}

CHECK(mem)
{
	static const char id[] = "questdb.mem";
	const json_t *limit, *rss = facts_get(now, QF_RSS);
	char has[32], uses[32];

	if (!need_if_any(now, QF_MEMORY_LIMIT, QF_HOST_MEMORY, id, ret, &limit))
		return;
	if (!limit) {
		results_add(ret, id, VERDICT_PASS, NULL, "no limit");
		return;
	}
	if (!rss && facts_bool(now, QF_RUNNING, true)) {
		unsure_of(now, QF_RSS, id, ret);
		return;
	}
	human_bytes(json_integer_value(limit), has);
	human_bytes(json_integer_value(rss), uses);
	results_add(ret, id,
		    json_integer_value(limit) < json_integer_value(rss) ? VERDICT_WARN
									: VERDICT_PASS,
		    NULL, "limit %s, in use now %s", has, uses);
}

CHECK(gate)
{
	static const char id[] = "questdb.gate";
	const char *asked = to ? goal_setting(to, "gate", NULL) : NULL;
	const json_t *usable;

	if (asked && !strcmp(asked, "none")) {
		results_add(ret, id, VERDICT_NOTE, NULL,
			    "none asked for: clients come in with the first start");
		return;
	}
	if (container_is(facts_str(now, QF_SERVICE_KIND, NULL))) {
		results_add(ret, id, asked ? VERDICT_BLOCK : VERDICT_WARN, NULL,
			    "none can be closed before a container: what docker publishes goes past it");
		return;
	}
	if (!need(now, QF_NFT, id, ret, &usable))
		return;
	if (json_is_true(usable))
		results_add(ret, id, VERDICT_PASS, NULL,
			    "clients are kept out until the gate checks passed");
	else
		results_add(ret, id, asked ? VERDICT_BLOCK : VERDICT_WARN, NULL,
			    "no gate can be closed here: %s", facts_str(now, QF_NFT_WHY, "?"));
}

CHECK(clock)
{
	static const char id[] = "questdb.clock";
	const json_t *synced;

	if (!need(now, QF_CLOCK_SYNCED, id, ret, &synced))
		return;
	results_add(ret, id, json_is_true(synced) ? VERDICT_PASS : VERDICT_NOTE, NULL, "%s",
		    json_is_true(synced)
			? "synchronised"
			: "not synchronised; a step of it costs a comparison by content");
}
