/* libmariadb, loaded when a MySQL or MariaDB provider is first opened. The prototypes are those of
 * its own header. */
#pragma once

#include <mysql.h>

#include "base/err.h"

struct mysql_calls {
	typeof(mysql_init) *init;
	typeof(mysql_options) *options;
	typeof(mysql_real_connect) *real_connect;
	typeof(mysql_close) *close;
	typeof(mysql_errno) *error_number;
	typeof(mysql_error) *error_text;
	typeof(mysql_get_server_info) *server_info;
	typeof(mysql_real_query) *real_query;
	typeof(mysql_stmt_init) *stmt_init;
	typeof(mysql_stmt_attr_set) *stmt_attr_set;
	typeof(mysql_stmt_prepare) *stmt_prepare;
	typeof(mysql_stmt_execute) *stmt_execute;
	typeof(mysql_stmt_field_count) *stmt_field_count;
	typeof(mysql_stmt_bind_result) *stmt_bind_result;
	typeof(mysql_stmt_fetch) *stmt_fetch;
	typeof(mysql_stmt_fetch_column) *stmt_fetch_column;
	typeof(mysql_stmt_errno) *stmt_error_number;
	typeof(mysql_stmt_error) *stmt_error_text;
	typeof(mysql_stmt_close) *stmt_close;
};

/* The same for all and never unloaded. ERR_ABSENT, with a hint, when it is not installed.
 */
int mysql_load(const struct mysql_calls **ret, struct err *e) must_check;
