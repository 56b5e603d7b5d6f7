/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process record says in words: path of the program, command line, cgroup.
 */
#ifndef PW_PROCESS_TEXT_H
#define PW_PROCESS_TEXT_H

struct pw_process;
struct task_struct;

/* With the first session and the last; process context. */
int pw_process_text_init(void);
void pw_process_text_exit(void);

/*
 * Around the detaching of hooks at entries: nobody sleeps in a handler meanwhile. What
 * is met then has no program's path until it is met again. May sleep.
 */
void pw_process_text_stop(void);
void pw_process_text_go_on(void);

/* The running process; process context, atomic or not, interrupts on. */
void pw_process_text_current(struct pw_process *process);

/*
 * The running process; process context. Its program could not be asked for when it
 * was met, and could be now.
 */
bool pw_process_text_is_wanting(const struct pw_process *process);

/* Any process; may sleep. */
void pw_process_text_task(struct pw_process *process, struct task_struct *task);

#endif /* PW_PROCESS_TEXT_H */
