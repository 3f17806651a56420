/* A server as far as services are concerned: holds an flock until SIGTERM.
 *
 *	locker LOCK [delay MS | port N | linger MS | late MS | stubborn | settle MS | deaf | spawn | daemon]...
 *
 * delay: does the rest, and takes the lock, later. port: listens on it. linger: at SIGTERM closes its
 * ports at once and ends later. late: at SIGTERM makes LOCK.asked, and goes on for so long. stubborn: ignores SIGTERM. settle: ignores it at first. deaf: takes it, makes LOCK.asked, and stays. spawn: runs the rest in a child and waits
 * for it, as a supervisor would. daemon: goes to the background with the streams it has. Writes its
 * pid into LOCK.pid. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void on_term(int sig)
{
	asked = sig;
}

static int write_pid(const char *lock, const char *suffix)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s.%s", lock, suffix);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, "%d\n", (int)getpid());
	return fclose(f);
}

/* From its first moment on, before anybody knows of it. */
static void ignore(const sigset_t *term)
{
	signal(SIGTERM, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, term, NULL);
}

static void settle(unsigned ms, const sigset_t *term, const struct sigaction *act)
{
	usleep((useconds_t)ms * 1000);
	sigprocmask(SIG_BLOCK, term, NULL);
	sigaction(SIGTERM, act, NULL);
}

static int ports[16];
static size_t n_ports;

static bool listen_on(const char *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ports[n_ports++] = fd;
	return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, SOMAXCONN) == 0;
}

static void stay(unsigned ms)
{
	for (size_t i = 0; i < n_ports; i++)
		close(ports[i]);
	usleep((useconds_t)ms * 1000);
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_term };
	unsigned linger_ms = 0, late_ms = 0, settle_ms = 0;
	bool deaf = false;
	sigset_t none, term;
	int fd;

	sigemptyset(&none);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	sigaction(SIGTERM, &act, NULL);
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "delay") && i + 1 < argc)
			usleep((useconds_t)strtoul(argv[++i], NULL, 10) * 1000);
		else if (!strcmp(argv[i], "linger") && i + 1 < argc)
			linger_ms = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "late") && i + 1 < argc)
			late_ms = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (!strcmp(argv[i], "port") && i + 1 < argc && !listen_on(argv[++i]))
			return 56;
		else if (!strcmp(argv[i], "stubborn"))
			ignore(&term);
		else if (!strcmp(argv[i], "settle") && i + 1 < argc) {
			settle_ms = (unsigned)strtoul(argv[++i], NULL, 10);
			ignore(&term);
		}
		else if (!strcmp(argv[i], "deaf"))
			deaf = true;
		else if (!strcmp(argv[i], "spawn") && fork() > 0)
			return wait(NULL) < 0;
		else if (!strcmp(argv[i], "daemon") && fork() > 0)
			return 0;
	}
	fd = open(argv[1], O_RDWR | O_CREAT, 0644);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || write_pid(argv[1], "pid") < 0)
		return 55;
	if (settle_ms)
		settle(settle_ms, &term, &act);
	while (!asked || deaf) {
		sigsuspend(&none);
		if ((deaf || late_ms) && asked)
			(void)write_pid(argv[1], "asked");
	}
	usleep((useconds_t)late_ms * 1000);
	stay(linger_ms);
	return 0;
}
