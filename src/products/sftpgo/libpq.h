/* libpq, loaded when a PostgreSQL provider is first opened. The prototypes are those of its own
 * header. */
#pragma once

#include <libpq-fe.h>

#include "base/err.h"

struct pq_calls {
	typeof(PQconnectStartParams) *connect_start;
	typeof(PQconnectPoll) *connect_poll;
	typeof(PQstatus) *status;
	typeof(PQsocket) *socket;
	typeof(PQfinish) *finish;
	typeof(PQerrorMessage) *error_message;
	typeof(PQparameterStatus) *parameter_status;
	typeof(PQsetNoticeProcessor) *set_notices;
	typeof(PQsendQuery) *send_query;
	typeof(PQconsumeInput) *consume_input;
	typeof(PQisBusy) *is_busy;
	typeof(PQgetResult) *get_result;
	typeof(PQresultStatus) *result_status;
	typeof(PQresultErrorField) *result_error_field;
	typeof(PQresultErrorMessage) *result_error_message;
	typeof(PQntuples) *ntuples;
	typeof(PQgetisnull) *getisnull;
	typeof(PQgetvalue) *getvalue;
	typeof(PQgetlength) *getlength;
	typeof(PQclear) *clear;
};

/* The same for all and never unloaded. ERR_ABSENT, with a hint, when it is not installed.
 */
int pq_load(const struct pq_calls **ret, struct err *e) must_check;
