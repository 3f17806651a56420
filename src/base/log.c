#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static void to_stderr(enum log_level level, const char *line, void *data)
{
	static const char *const names[] = { "debug", "info", "warning", "error", "" };

	(void)fprintf(stderr, "crossgrade: %s: %s\n", names[level], line);
}

static struct {
	pthread_mutex_t mutex;
	log_sink       *sink;
	void           *data;
	enum log_level  min;
} logger = { .mutex = PTHREAD_MUTEX_INITIALIZER, .sink = to_stderr, .min = LOG_WARN };

void log_to(log_sink *sink, void *data)
{
	pthread_mutex_lock(&logger.mutex);
	logger.sink = sink ? sink : to_stderr;
	logger.data = data;
	pthread_mutex_unlock(&logger.mutex);
}

void log_min(enum log_level level)
{
	pthread_mutex_lock(&logger.mutex);
	logger.min = level;
	pthread_mutex_unlock(&logger.mutex);
}

/* One message stays one line whatever foreign text is in it. */
static void one_line(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = ' ';
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(line, sizeof line, fmt, ap) < 0)
		line[0] = '\0';
	va_end(ap);
	one_line(line);
	pthread_mutex_lock(&logger.mutex);
	if (level >= logger.min && level < LOG_SILENT)
		logger.sink(level, line, logger.data);
	pthread_mutex_unlock(&logger.mutex);
}
