#include "products/sftpgo/libmariadb.h"

#include "products/sftpgo/library.h"

#define CALL(member, name)                                 \
	{                                                  \
		name, offsetof(struct mysql_calls, member) \
	}

static const struct library_call names[] = {
	CALL(init, "mysql_init"),
	CALL(options, "mysql_options"),
	CALL(real_connect, "mysql_real_connect"),
	CALL(close, "mysql_close"),
	CALL(error_number, "mysql_errno"),
	CALL(error_text, "mysql_error"),
	CALL(server_info, "mysql_get_server_info"),
	CALL(real_query, "mysql_real_query"),
	CALL(stmt_init, "mysql_stmt_init"),
	CALL(stmt_attr_set, "mysql_stmt_attr_set"),
	CALL(stmt_prepare, "mysql_stmt_prepare"),
	CALL(stmt_execute, "mysql_stmt_execute"),
	CALL(stmt_field_count, "mysql_stmt_field_count"),
	CALL(stmt_bind_result, "mysql_stmt_bind_result"),
	CALL(stmt_fetch, "mysql_stmt_fetch"),
	CALL(stmt_fetch_column, "mysql_stmt_fetch_column"),
	CALL(stmt_error_number, "mysql_stmt_errno"),
	CALL(stmt_error_text, "mysql_stmt_error"),
	CALL(stmt_close, "mysql_stmt_close"),
};

int mysql_load(const struct mysql_calls **ret, struct err *e)
{
	static struct mysql_calls calls;

	if (!calls.stmt_close &&
	    library_load("libmariadb.so.3", "libmariadb3", names, ARRAY_LEN(names), &calls, e) < 0)
		return -(int)e->kind;
	*ret = &calls;
	return 0;
}
