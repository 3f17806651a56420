/* How far a pass is, how fast it may go on, and whether. */
#include "data/mirror.h"

#include "base/clock.h"

static void tell(struct mirror *m) { pace_tell(&m->pace, &m->stats, false); }

void mirror_count_compared(struct mirror *m, uint64_t bytes)
{
	pthread_mutex_lock(&m->lock);
	m->stats.bytes += bytes;
	m->stats.compared_files++;
	m->stats.compared_bytes += bytes;
	tell(m);
	pthread_mutex_unlock(&m->lock);
}

void mirror_count_entry(struct mirror *m, const struct stat *st)
{
	pthread_mutex_lock(&m->lock);
	m->stats.files++;
	m->stats.bytes += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	tell(m);
	pthread_mutex_unlock(&m->lock);
}

int mirror_check_room(const struct mirror *m, struct err *e)
{
	struct fs_room room;

	if (!mirror_is_aside(m) || !m->o->reserve_bytes)
		return 0;
	if (dir_room(m->dst, &room, e) < 0)
		return -(int)e->kind;
	if (room.free_bytes < m->o->reserve_bytes)
		return err_set(e, ERR_SPACE,
			       "less than the reserve of %llu MiB is free beside '%s'",
			       (unsigned long long)(m->o->reserve_bytes >> 20), m->dst->path);
	return 0;
}

/* Before each piece of content: cancel, rate limit, reserve. */
int mirror_pace(void *data, uint64_t bytes, struct err *e)
{
	struct mirror *m = data;
	bool look = false;

	if (mirror_is_aside(m)) {
		pthread_mutex_lock(&m->lock);
		m->unchecked_bytes += bytes + 4096;
		look = m->unchecked_bytes >= (16u << 20);
		if (look)
			m->unchecked_bytes = 0;
		pthread_mutex_unlock(&m->lock);
	}
	if (look && mirror_check_room(m, e) < 0)
		return -(int)e->kind;
	return pace_wait(&m->pace, bytes, e);
}

void mirror_count_copy(struct mirror *m, const struct copy_result *done, bool cloned, uint64_t size)
{
	pthread_mutex_lock(&m->lock);
	m->stats.reflinked_files += cloned;
	m->stats.copied_files += cloned || done->written;
	m->stats.copied_bytes += cloned ? size : done->written;
	m->stats.compared_files += !!done->compared;
	m->stats.compared_bytes += done->compared;
	tell(m);
	pthread_mutex_unlock(&m->lock);
}
