#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

#define INTERRUPTED 130

static struct cancel *token;
static _Atomic(const char *) will; /* what the call does when interrupted; NULL: it touches nothing */
static pid_t owner;

/* Only what a signal handler may do: an atomic store and write(2). */
static void say(const char *text)
{
	ssize_t ignored = write(STDERR_FILENO, text, strlen(text));

	(void)ignored;
}

static void handle(int sig)
{
	int saved = errno;

	/* A forked helper inherits the handler, not the duty: the signal means it alone. */
	if (getpid() != owner) {
		signal(sig, SIG_DFL);
		raise(sig);
		return;
	}
	atomic_store(&token->asked, true);
	if (isatty(STDERR_FILENO))
		say("\r\033[K");
	say(sig == SIGALRM ? "time is up: " : "interrupted: ");
	if (!atomic_load(&will)) {
		say("nothing was changed\n");
		_exit(INTERRUPTED);
	}
	say(atomic_load(&will));
	say("\n");
	errno = saved;
}

static void pass_over(int sig) { (void)sig; }

/* A handler, not SIG_IGN: programs we start get the default back. */
static void outlive_pipe(void)
{
	struct sigaction act = { .sa_handler = pass_over, .sa_flags = SA_RESTART };

	sigaction(SIGPIPE, &act, NULL);
}

void signals_catch(struct cancel *cancel, int64_t within_ns, const char *what_then)
{
	static const int asks[] = { SIGINT, SIGTERM, SIGHUP, SIGALRM };
	struct sigaction act = { .sa_handler = handle, .sa_flags = SA_RESTART };

	token = cancel;
	atomic_store(&will, what_then);
	owner = getpid();
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		struct sigaction before;

		/* nohup and a shell's "&" ignore signals for us: that stays so. */
		if (sigaction(asks[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(asks[i], &act, NULL);
	}
	if (what_then)
		outlive_pipe();
	if (within_ns > 0) {
		struct itimerval timer = { .it_value = { .tv_sec = within_ns / NS_PER_S,
							 .tv_usec = within_ns % NS_PER_S / 1000 } };

		setitimer(ITIMER_REAL, &timer, NULL);
	}
}

void signals_will(const char *text)
{
	atomic_store(&will, text);
	outlive_pipe();
}
