#include "products/sftpgo/libpq.h"

#include "products/sftpgo/library.h"

#define CALL(member, name)                              \
	{                                               \
		name, offsetof(struct pq_calls, member) \
	}

static const struct library_call names[] = {
	CALL(connect_start, "PQconnectStartParams"),
	CALL(connect_poll, "PQconnectPoll"),
	CALL(status, "PQstatus"),
	CALL(socket, "PQsocket"),
	CALL(finish, "PQfinish"),
	CALL(error_message, "PQerrorMessage"),
	CALL(parameter_status, "PQparameterStatus"),
	CALL(set_notices, "PQsetNoticeProcessor"),
	CALL(send_query, "PQsendQuery"),
	CALL(consume_input, "PQconsumeInput"),
	CALL(is_busy, "PQisBusy"),
	CALL(get_result, "PQgetResult"),
	CALL(result_status, "PQresultStatus"),
	CALL(result_error_field, "PQresultErrorField"),
	CALL(result_error_message, "PQresultErrorMessage"),
	CALL(ntuples, "PQntuples"),
	CALL(getisnull, "PQgetisnull"),
	CALL(getvalue, "PQgetvalue"),
	CALL(getlength, "PQgetlength"),
	CALL(clear, "PQclear"),
};

int pq_load(const struct pq_calls **ret, struct err *e)
{
	static struct pq_calls calls;

	if (!calls.clear &&
	    library_load("libpq.so.5", "libpq5", names, ARRAY_LEN(names), &calls, e) < 0)
		return -(int)e->kind;
	*ret = &calls;
	return 0;
}
