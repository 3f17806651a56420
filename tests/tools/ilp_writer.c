/* ilp-writer: clients that write to a QuestDB over ILP/HTTP, and the judge of what became of it.
 *
 *	ilp-writer --port N --log FILE [--table T] [--threads N] [--rows N] [--rate N] [--seconds N]
 *	ilp-writer --port N --log FILE [--table T] --check
 *	both: [--host H] [--user U --password-file F]
 *
 * A row is (writer, seq) and is never sent twice. A request that was answered with 204 is logged as
 * "writer first last", one line in one write. A request that failed may be there or not. --check
 * wants every acknowledged row exactly once and ends with 1 when one is missing or doubled. --rate
 * is requests a second of all threads together. SIGTERM ends writing. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/vec.h"
#include "io/file.h"
#include "net/http.h"

#define THREADS_MAX 64
#define ROWS_MAX 10000
#define ANSWER_MAX 4096
#define RETRY_NS (20 * NS_PER_MS)

struct options {
	const char *host, *table, *log, *user, *password_file;
	int64_t port, threads, rows, rate, seconds;
	bool check;
};

struct writer {
	const struct options *o;
	pthread_t thread;
	int number, fd; /* fd: connection or -1 */
	int64_t next;   /* sequence number of the next row */
};

static struct options options = { .host = "127.0.0.1",
				  .table = "ilp_rows",
				  .threads = 3,
				  .rows = 20,
				  .rate = 100,
				  .seconds = 10 };
static char authorization[1024]; /* header line or "" */
static struct secret password;
static int log_fd = -1;
static struct deadline until;
static atomic_bool stopping;
static atomic_llong acknowledged, failed;

static void on_signal(int sig) { atomic_store(&stopping, true); }

static bool ended(void) { return atomic_load(&stopping) || deadline_passed(until); }

/* ---- writing ---- */

static void hang_up(struct writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static bool call_up(struct writer *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)w->o->port) };
	struct timeval patience = { .tv_sec = 10 };

	if (w->fd >= 0)
		return true;
	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (inet_pton(AF_INET, w->o->host, &to.sin_addr) == 1 &&
	    !connect(w->fd, (struct sockaddr *)&to, sizeof to))
		return true;
	hang_up(w);
	return false;
}

static bool send_all(int fd, struct sv bytes)
{
	while (bytes.n) {
		ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return true;
}

/* Status of the answer; 0 when the connection broke. Anything but 204 may have a body: its
 * connection is not used again. */
static int read_status(struct writer *w)
{
	char answer[ANSWER_MAX + 1];
	size_t got = 0;
	int status = 0;

	while (got < ANSWER_MAX) {
		ssize_t n = recv(w->fd, answer + got, ANSWER_MAX - got, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		got += (size_t)n;
		answer[got] = '\0';
		if (strstr(answer, "\r\n\r\n"))
			break;
	}
	return sscanf(answer, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

static void make_request(const struct writer *w, struct buf *ret)
{
	autobuf struct buf body = BUF_MAX(4 << 20);
	int64_t now = clock_wall_ns();

	for (int64_t i = 0; i < w->o->rows; i++)
		buf_addf(&body, "%s writer=%di,seq=%" PRId64 "i,v=%" PRId64 ".5 %" PRId64 "\n",
			 w->o->table, w->number, w->next + i, w->next + i, now + i * 1000);
	buf_addf(ret,
		 "POST /write?precision=n HTTP/1.1\r\nHost: %s\r\n%sContent-Length: %zu\r\n\r\n",
		 w->o->host, authorization, body.len);
	buf_add_sv(ret, buf_sv(&body));
}

static void log_acknowledged(const struct writer *w)
{
	char line[96];
	int n = snprintf(line, sizeof line, "%d %" PRId64 " %" PRId64 "\n", w->number, w->next,
			 w->next + w->o->rows - 1);

	if (write(log_fd, line, (size_t)n) != n) {
		perror("ilp-writer: write the log");
		exit(2);
	}
}

static void write_once(struct writer *w)
{
	autobuf struct buf request = BUF_MAX(5 << 20);

	make_request(w, &request);
	if (send_all(w->fd, buf_sv(&request)) && read_status(w) == 204) {
		log_acknowledged(w);
		atomic_fetch_add(&acknowledged, 1);
	} else {
		hang_up(w);
		atomic_fetch_add(&failed, 1);
	}
	w->next += w->o->rows;
}

static void *write_all(void *arg)
{
	struct writer *w = arg;
	int64_t gap = NS_PER_S * w->o->threads / MAX_OF(w->o->rate, 1), due = clock_mono_ns();

	while (!ended()) {
		if (!call_up(w)) {
			clock_sleep_ns(RETRY_NS);
			due = clock_mono_ns();
			continue;
		}
		write_once(w);
		due += gap;
		if (due > clock_mono_ns())
			clock_sleep_ns(due - clock_mono_ns());
	}
	hang_up(w);
	return NULL;
}

/* Numbers after the highest in the log: rows of an earlier call are never sent again. */
static void numbers_from(const char *log, struct writer *writers, size_t n)
{
	FILE *f = fopen(log, "re");
	int64_t first, last;
	int writer;

	while (f && fscanf(f, "%d %" SCNd64 " %" SCNd64, &writer, &first, &last) == 3) {
		/* A request that failed at the end took numbers too. */
		if (writer >= 0 && (size_t)writer < n && last + 1000000 > writers[writer].next)
			writers[writer].next = last + 1000000;
	}
	if (f)
		fclose(f);
}

static int run_writers(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct writer writers[THREADS_MAX];

	log_fd = open(options.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (log_fd < 0) {
		perror("ilp-writer: open the log");
		return 2;
	}
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	until = deadline_in(options.seconds * NS_PER_S);
	for (int64_t i = 0; i < options.threads; i++)
		writers[i] = (struct writer){ .o = &options, .number = (int)i, .fd = -1 };
	numbers_from(options.log, writers, (size_t)options.threads);
	for (int64_t i = 0; i < options.threads; i++) {
		if (pthread_create(&writers[i].thread, NULL, write_all, &writers[i]))
			return 2;
	}
	for (int64_t i = 0; i < options.threads; i++)
		pthread_join(writers[i].thread, NULL);
	printf("{\"acknowledged\":%lld,\"failed\":%lld,\"rows\":%lld}\n",
	       atomic_load(&acknowledged), atomic_load(&failed),
	       atomic_load(&acknowledged) * (long long)options.rows);
	return 0;
}

/* ---- checking ---- */

struct span {
	int64_t first, last;
};
struct tally {
	VEC(struct span) acknowledged[THREADS_MAX];
	VEC(int64_t) seen[THREADS_MAX];
	char line[256]; /* of the answer, not whole yet */
	size_t length;
};

static void take_line(struct tally *t)
{
	int64_t seq;
	int writer;

	t->line[t->length] = '\0';
	if (sscanf(t->line, "%d,%" SCNd64, &writer, &seq) == 2 && writer >= 0 &&
	    writer < THREADS_MAX)
		*vec_push(&t->seen[writer]) = seq;
	t->length = 0;
}

static int take_piece(void *data, struct sv piece, struct err *e)
{
	struct tally *t = data;

	for (size_t i = 0; i < piece.n; i++) {
		if (piece.p[i] == '\n')
			take_line(t);
		else if (t->length < sizeof t->line - 1)
			t->line[t->length++] = piece.p[i];
	}
	return 0;
}

static int read_rows(struct tally *t, struct err *e)
{
	struct http h = { .port = (uint16_t)options.port,
			  .user = options.user,
			  .password = options.user ? &password : NULL };
	autofree char *statement = xasprintf("select writer, seq from '%s'", options.table);
	const char *query[] = { "query", statement, NULL };
	struct http_ask ask = { .method = "GET",
				.path = "/exp",
				.query = query,
				.within_ns = 600 * NS_PER_S,
				.sink = take_piece,
				.sink_data = t };
	struct http_answer a = { 0 };
	long status;

	snprintf(h.host, sizeof h.host, "%s", options.host);
	if (http_do(&h, &ask, &a, e) < 0)
		return -e->kind;
	status = a.status;
	http_answer_done(&a);
	return status == 200
		   ? 0
		   : err_set(e, ERR_REFUSED, "the server answers with status %ld", status);
}

static bool read_log(struct tally *t)
{
	FILE *f = fopen(options.log, "re");
	struct span s;
	int writer;

	while (f && fscanf(f, "%d %" SCNd64 " %" SCNd64, &writer, &s.first, &s.last) == 3) {
		if (writer >= 0 && writer < THREADS_MAX)
			*vec_push(&t->acknowledged[writer]) = s;
	}
	if (f)
		fclose(f);
	return f;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int by_first(const void *a, const void *b)
{
	return by_value(&((const struct span *)a)->first, &((const struct span *)b)->first);
}

struct verdict {
	int64_t rows, missing, doubled, unacknowledged;
};

/* Both sorted: every number of the spans once, others are rows whose request was never answered. */
static void judge(struct tally *t, int writer, struct verdict *v)
{
	size_t at = 0;

	vec_sort(&t->seen[writer], by_value);
	vec_sort(&t->acknowledged[writer], by_first);
	for (size_t i = 1; i < t->seen[writer].n; i++)
		v->doubled += t->seen[writer].v[i] == t->seen[writer].v[i - 1];
	vec_each (&t->acknowledged[writer], s) {
		for (int64_t seq = s->first; seq <= s->last; seq++) {
			for (; at < t->seen[writer].n && t->seen[writer].v[at] < seq; at++)
				v->unacknowledged +=
				    !at || t->seen[writer].v[at] != t->seen[writer].v[at - 1];
			v->rows++;
			if (at == t->seen[writer].n || t->seen[writer].v[at] != seq)
				v->missing++;
			while (at < t->seen[writer].n && t->seen[writer].v[at] == seq)
				at++;
		}
	}
	v->unacknowledged += (int64_t)(t->seen[writer].n - at);
}

static int run_check(void)
{
	static struct tally t;
	struct verdict v = { 0 };
	struct err e = ERR_INIT;

	if (!read_log(&t)) {
		perror("ilp-writer: read the log");
		return 2;
	}
	if (read_rows(&t, &e) < 0) {
		fprintf(stderr, "ilp-writer: %s\n", e.msg);
		return 2;
	}
	for (int i = 0; i < THREADS_MAX; i++) {
		judge(&t, i, &v);
		vec_done(&t.seen[i]);
		vec_done(&t.acknowledged[i]);
	}
	printf("{\"acknowledged_rows\":%" PRId64 ",\"missing\":%" PRId64 ",\"doubled\":%" PRId64
	       ",\"unacknowledged_present\":%" PRId64 "}\n",
	       v.rows, v.missing, v.doubled, v.unacknowledged);
	return v.missing || v.doubled ? 1 : 0;
}

/* ---- options ---- */

static void base64(struct sv in, struct buf *ret)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < in.n; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)in.p[i] << 16;

		v |= i + 1 < in.n ? (uint32_t)(unsigned char)in.p[i + 1] << 8 : 0;
		v |= i + 2 < in.n ? (uint32_t)(unsigned char)in.p[i + 2] : 0;
		buf_addc(ret, digits[v >> 18]);
		buf_addc(ret, digits[v >> 12 & 63]);
		buf_addc(ret, i + 1 < in.n ? digits[v >> 6 & 63] : '=');
		buf_addc(ret, i + 2 < in.n ? digits[v & 63] : '=');
	}
}

static int read_login(struct err *e)
{
	autobuf struct buf plain = BUF_MAX(600), coded = BUF_MAX(900);

	if (!options.user)
		return 0;
	if (!options.password_file)
		return err_set(e, ERR_USAGE, "--user wants --password-file");
	if (file_read_secret(options.password_file, &password, e) < 0)
		return -e->kind;
	buf_addf(&plain, "%s:%s", options.user, password.bytes);
	base64(buf_sv(&plain), &coded);
	snprintf(authorization, sizeof authorization, "Authorization: Basic %s\r\n",
		 buf_str(&coded));
	return 0;
}

static bool number(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	return sv_i64(sv_of(text), ret) && *ret >= min && *ret <= max;
}

static bool parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "host", 1, NULL, 'h' },    { "port", 1, NULL, 'p' },
		{ "log", 1, NULL, 'l' },     { "table", 1, NULL, 't' },
		{ "threads", 1, NULL, 'n' }, { "rows", 1, NULL, 'r' },
		{ "rate", 1, NULL, 'q' },    { "seconds", 1, NULL, 's' },
		{ "user", 1, NULL, 'u' },    { "password-file", 1, NULL, 'w' },
		{ "check", 0, NULL, 'c' },   { 0 }
	};
	bool ok = true;
	int c;

	while (ok && (c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (c) {
		case 'h':
			options.host = optarg;
			break;
		case 'p':
			ok = number(optarg, 1, 65535, &options.port);
			break;
		case 'l':
			options.log = optarg;
			break;
		case 't':
			options.table = optarg;
			break;
		case 'n':
			ok = number(optarg, 1, THREADS_MAX, &options.threads);
			break;
		case 'r':
			ok = number(optarg, 1, ROWS_MAX, &options.rows);
			break;
		case 'q':
			ok = number(optarg, 1, 1000000, &options.rate);
			break;
		case 's':
			ok = number(optarg, 1, 86400, &options.seconds);
			break;
		case 'u':
			options.user = optarg;
			break;
		case 'w':
			options.password_file = optarg;
			break;
		case 'c':
			options.check = true;
			break;
		default:
			ok = false;
		}
	}
	return ok && optind == argc && options.port && options.log;
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;

	if (!parse(argc, argv)) {
		fputs("usage: ilp-writer --port N --log FILE [--check] [--table T] [--threads N] "
		      "[--rows N] [--rate N]\n"
		      "       [--seconds N] [--host H] [--user U --password-file F]\n",
		      stderr);
		return 2;
	}
	if (read_login(&e) < 0) {
		fprintf(stderr, "ilp-writer: %s\n", e.msg);
		return 2;
	}
	return options.check ? run_check() : run_writers();
}
