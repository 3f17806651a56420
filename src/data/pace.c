#include "data/pace.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <linux/ioprio.h>

#include "base/clock.h"
#include "base/mem.h"

void pace_init(struct pace *p, const struct pass_opts *o)
{
	*p = (struct pace){ .o = o, .limit_bytes_per_s = o->limit_bytes_per_s, .began_ns = clock_mono_ns() };
}

/* How long the pass is ahead of its rate limit, with these. */
static int64_t ahead_ns(struct pace *p, uint64_t bytes)
{
	uint64_t all = atomic_fetch_add(&p->bytes, bytes) + bytes;
	double due = (double)all / (double)p->limit_bytes_per_s * (double)NS_PER_S;

	return (int64_t)due - (clock_mono_ns() - p->began_ns);
}

int pace_wait(struct pace *p, uint64_t bytes, struct err *e)
{
	int64_t ahead = p->limit_bytes_per_s ? ahead_ns(p, bytes) : 0;

	for (;;) {
		if (p->o && p->o->cancel && atomic_load(&p->o->cancel->asked))
			return err_set(e, ERR_CANCELED, "canceled");
		if (ahead <= 0)
			return 0;
		clock_sleep_ns(MIN_OF(ahead, 100 * NS_PER_MS));
		ahead -= 100 * NS_PER_MS;
	}
}

void pass_stats_add(struct pass_stats *sum, const struct pass_stats *one)
{
	sum->files += one->files;
	sum->bytes += one->bytes;
	sum->copied_files += one->copied_files;
	sum->copied_bytes += one->copied_bytes;
	sum->compared_files += one->compared_files;
	sum->compared_bytes += one->compared_bytes;
	sum->reflinked_files += one->reflinked_files;
	sum->removed += one->removed;
	sum->took_ns += one->took_ns;
}

void pace_tell(struct pace *p, const struct pass_stats *so_far, bool last)
{
	int64_t now = clock_mono_ns();
	struct pass_stats all = *so_far;

	if (!p->o->progress || (!last && now - p->told_ns < 100 * NS_PER_MS))
		return;
	p->told_ns = now;
	all.took_ns = now - p->began_ns;
	if (p->o->before)
		pass_stats_add(&all, p->o->before);
	p->o->progress(p->o->progress_data, &all);
}

static int set_priority(int priority)
{
	int before = (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);

	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, priority);
	return before;
}

int pace_idle_begin(bool wanted)
{
	return wanted ? set_priority(IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0)) : 0;
}

void pace_idle_end(bool wanted, int before)
{
	if (wanted)
		(void)set_priority(before);
}
