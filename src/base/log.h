/* Logging for people who debug. Floors 0 to 2 log at LOG_DEBUG only; they report by returning errors.
 * What a run does is told by the engine's events, not here. */
#pragma once

#include "base/own.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_SILENT };

typedef void log_sink(enum log_level level, const char *line, void *data);

void log_to(log_sink *sink, void *data);        /* NULL: stderr */
void log_min(enum log_level level);             /* default LOG_WARN */
void log_msg(enum log_level level, const char *fmt, ...) printf_like(2, 3);

#define log_debug(...)  log_msg(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)   log_msg(LOG_INFO, __VA_ARGS__)
#define log_warn(...)   log_msg(LOG_WARN, __VA_ARGS__)
#define log_error(...)  log_msg(LOG_ERROR, __VA_ARGS__)
