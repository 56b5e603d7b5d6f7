/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes of a test: the test itself and its actors, and who they are
 * according to /proc, which is what the owner and the actor of an event are
 * compared with.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "perform.h"

struct who {
	uint32_t pid;
	uint32_t tid;		/* thread that acted last */
	uint32_t ppid;
	uint32_t uid;
	uint32_t auid;
	uint64_t start_ticks;	/* since boot, in hundredths of a second */
	char comm[16];
	char exe[256];
	char cgroup[256];
};

struct process {
	struct who who;
	int control;		/* -1: the test itself */
	bool ours;		/* to be waited for */
	bool ended;		/* and with it what only it had open */
};

int who_read(struct who *who, pid_t pid);
void process_self(struct process *self);

/* Whose the kernel's own sockets are. */
struct who who_kernel(void);

/* Starts a copy of the actor as DIRECTORY/name; -errno when that fails. */
int process_start(struct process *process, const char *directory,
		  const char *name);
/* The same of another program that stands beside the test; -ENOENT: it does not. */
int process_start_of(struct process *process, const char *program,
		     const char *directory, const char *name);
int process_fork(struct process *parent, struct process *child);

/* Asks and waits for the answer; its result is returned too. */
int process_do(struct process *process, const struct request *request,
	       struct answer *answer);

/* The same in two steps, for what blocks. Not for the test itself. */
int process_begin(struct process *process, const struct request *request,
		  int carried);
int process_finish(struct process *process, struct answer *answer,
		   int *carried);

int process_rename(struct process *process, const char *name);
int process_setuid(struct process *process, uid_t uid);
int process_exec(struct process *process, const char *directory,
		 const char *name, int fd);
int process_exec_by_thread(struct process *process, const char *directory,
			   const char *name, int fd);

/* A child that shares the memory of its parent, which waits for its end. */
int process_vfork(struct process *parent, struct process *child);

/* The first thread is gone, and the process goes on; /proc knows less of it. */
int process_leave(struct process *process);

/* Polls until a thread of it sleeps in that system call; false: it does not. */
bool process_waits(const struct process *process, pid_t tid, int call);
/* The same of any thread but the first. */
bool process_waits_in_thread(const struct process *process, int call);

/* Ends it and waits until it is gone: by its own exit, by SIGKILL. */
void process_exit(struct process *process);
void process_kill(struct process *process);

#endif /* PROCESS_H */
