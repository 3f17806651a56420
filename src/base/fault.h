/* Numbered fault points: where a test may end the program, or make the world fail, exactly between two effects.
 *
 * Compiled in only with -Dfault=true, never in a package. Every mutating call of io/ and every journal boundary
 * passes one, so a run has a stable sequence of them and a test can strike at each in turn:
 *
 *	CROSSGRADE_FAULT=17                     strike at the 17th point passed
 *	CROSSGRADE_FAULT=count                  strike never; on exit write the number of points to the file
 *	                                        named by CROSSGRADE_FAULT_COUNT
 *	CROSSGRADE_FAULT_TRACE=/file            write the name of each point passed there, one a line: 'name=' where a call
 *	                                        can fail, 'name!' where it was made to
 *	CROSSGRADE_FAULT=journal.begin:2        strike at the 2nd pass of the point of that name
 *	CROSSGRADE_FAULT_ACT=kill               what to do: SIGKILL to ourselves (default)
 *	CROSSGRADE_FAULT_ACT=cut:/a,/b          power cut: FS_IOC_SHUTDOWN (no log flush) on the file systems
 *	                                        mounted there, then SIGKILL; "cutlog:" flushes the log first
 *	CROSSGRADE_FAULT_ACT=stop               SIGSTOP to ourselves: the test does something, then SIGCONT
 *	CROSSGRADE_FAULT_ACT=err:ENOSPC         fault_errno() of that point, or of the next that can fail, returns the errno,
 *	                                        once
 *	CROSSGRADE_FAULT_ACT=errs:EIO           the same, from that point on
 *
 * The count is of the process that reads the variable first; children do not inherit it. */
#pragma once

#ifdef CROSSGRADE_FAULT
int  fault_errno_(const char *name);
void fault_point_(const char *name);
/* 0, or the errno the caller is to pretend the kernel returned, having done nothing. */
#define fault_errno(name)  fault_errno_(name)
/* A place between two effects that cannot fail by itself. */
#define fault_point(name)  fault_point_(name)
#else
static inline int fault_errno(const char *name)
{
	(void)name;
	return 0;
}
#define fault_point(name)  ((void)0)
#endif
