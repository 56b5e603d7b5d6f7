// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "loss.h"
#include "patience.h"

/* The share of one thread: the rest is the first one's. */
static unsigned int share(unsigned int all, unsigned int number)
{
	return all / LOAD_THREADS + (number ? 0 : all % LOAD_THREADS);
}

unsigned int load_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

int load_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % load_cpus(), &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

static void add(struct load_job *job, enum portwatch_type type,
		unsigned int count)
{
	struct load *load = job->load;

	__atomic_add_fetch(&load->done[type], count, __ATOMIC_RELAXED);
	__atomic_add_fetch(&load->done_on[job->cpu][type], count,
			   __ATOMIC_RELAXED);
}

static int bind_once(struct load_job *job)
{
	struct target target = target_loopback(IPV4, 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, &target.any, target.length))
		return -errno;
	close(fd);
	add(job, PORTWATCH_BIND, 1);
	add(job, PORTWATCH_CLOSE, 1);
	return 0;
}

static int listener_open(struct load_job *job, struct target *name)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*name = target_loopback(IPV4, 0);
	if (fd < 0 || bind(fd, &name->any, name->length) ||
	    getsockname(fd, &name->any, &name->length) || listen(fd, 16))
		return -errno;
	add(job, PORTWATCH_BIND, 1);
	add(job, PORTWATCH_LISTEN, 1);
	return fd;
}

/* Ended by a reset, so that no port waits for a minute. */
static int connect_once(struct load_job *job, int listener,
			const struct target *name)
{
	static const struct linger zero = { .l_onoff = 1 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	if (client < 0 || connect(client, &name->any, name->length))
		return -errno;
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0 || setsockopt(client, SOL_SOCKET, SO_LINGER, &zero,
				     sizeof(zero)))
		return -errno;
	close(client);
	close(server);
	add(job, PORTWATCH_CONNECT, 1);
	add(job, PORTWATCH_ESTABLISHED, 1);
	add(job, PORTWATCH_ACCEPT, 1);
	add(job, PORTWATCH_CLOSE, 2);
	return 0;
}

static int produce_for_ever(struct load_job *job)
{
	struct target name;
	int listener = listener_open(job, &name), err = 0;

	if (listener < 0)
		return listener;
	while (!__atomic_load_n(&job->load->stop, __ATOMIC_RELAXED) && !err) {
		err = bind_once(job);
		if (!err)
			err = connect_once(job, listener, &name);
	}
	close(listener);
	add(job, PORTWATCH_CLOSE, 1);
	return err;
}

static bool goes_on(const struct load_job *job, unsigned int *left)
{
	return (*left)-- && !__atomic_load_n(&job->load->stop, __ATOMIC_RELAXED);
}

static int produce(struct load_job *job)
{
	unsigned int binds = share(job->load->binds, job->number);
	unsigned int connections = share(job->load->connections, job->number);
	struct target name;
	int listener, err = 0;

	while (!err && goes_on(job, &binds))
		err = bind_once(job);
	if (!connections || err)
		return err;
	listener = listener_open(job, &name);
	if (listener < 0)
		return listener;
	while (!err && goes_on(job, &connections))
		err = connect_once(job, listener, &name);
	close(listener);
	add(job, PORTWATCH_CLOSE, 1);
	return err;
}

static void *produce_thread(void *argument)
{
	struct load_job *job = argument;
	int err;

	load_pin(job->cpu);
	err = job->load->for_ever ? produce_for_ever(job) : produce(job);
	if (err)
		job->load->failed = -err;
	return NULL;
}

int load_begin(struct load *load)
{
	struct load_job *job;
	unsigned int i;

	for (i = 0; i < LOAD_THREADS; i++) {
		job = &load->jobs[i];
		job->load = load;
		job->number = i;
		job->cpu = load->only_cpu ? load->only_cpu - 1 :
					    i % load_cpus();
		if (pthread_create(&job->thread, NULL, produce_thread, job))
			return -EAGAIN;
	}
	return 0;
}

int load_finish(struct load *load)
{
	unsigned int i;

	for (i = 0; i < LOAD_THREADS; i++)
		pthread_join(load->jobs[i].thread, NULL);
	return -load->failed;
}

int load_end(struct load *load)
{
	__atomic_store_n(&load->stop, true, __ATOMIC_RELAXED);
	return load_finish(load);
}

static uint64_t binds_done(struct load *load)
{
	return __atomic_load_n(&load->done[PORTWATCH_BIND], __ATOMIC_RELAXED);
}

bool load_goes_on(struct load *load)
{
	uint64_t before = binds_done(load);
	int i;

	for (i = 0; i < patient(5000); i++) {
		if (binds_done(load) > before)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

static void wrong(struct account *account, const char *what, unsigned int ring,
		  const struct portwatch_slot *slot)
{
	if (account->wrong++ < 10)
		fprintf(stderr, "# %s: ring %u, seq %u, type %u\n", what, ring,
			slot->seq, slot->type);
}

static void visit_lost(struct raw *raw, unsigned int ring,
		       const struct portwatch_lost *lost,
		       struct account *account)
{
	const void *slot = lost;
	uint32_t sum = 0;
	unsigned int i;

	for (i = 0; i < PORTWATCH_TYPES; i++) {
		account->missing[i] += lost->count[i];
		account->missing_on[ring][i] += lost->count[i];
		sum += lost->count[i];
	}
	if (!sum)
		wrong(account, "a loss of nothing", ring, slot);
	if (lost->first > lost->last || lost->last > lost->time)
		wrong(account, "a loss with its times in disorder", ring, slot);
	if (lost->first < account->last_time[ring])
		wrong(account, "a loss before what stands before it", ring,
		      slot);
	raw->next_seq[ring] = lost->seq + sum;
}

/* The earliest time of a key, whichever ring is drained first. */
static void note(struct account *account, uint64_t times[ACCOUNT_KEYS],
		 uint32_t key, unsigned int ring,
		 const struct portwatch_slot *slot)
{
	if (key >= ACCOUNT_KEYS)
		wrong(account, "a very large key", ring, slot);
	else if (!times[key] || times[key] > slot->time)
		times[key] = slot->time;
}

static void visit_event(struct account *account, unsigned int ring,
			const struct portwatch_event *event)
{
	const void *slot = event;

	if (event->owner > PORTWATCH_PROCESS_KERNEL)
		note(account, account->used, event->owner, ring, slot);
	if (event->actor > PORTWATCH_PROCESS_KERNEL)
		note(account, account->used, event->actor, ring, slot);
}

void account_visit(struct raw *raw, unsigned int ring,
		   const struct portwatch_slot *slot, void *context)
{
	struct account *account = context;
	const struct portwatch_process *process = (const void *)slot;

	if (slot->cpu != ring)
		wrong(account, "a record of another cpu", ring, slot);
	if (slot->type == 0 || slot->type >= PORTWATCH_TYPES)
		wrong(account, "a type that is none", ring, slot);
	if (slot->seq != raw->next_seq[ring])
		wrong(account, "a jump in seq", ring, slot);
	if (slot->time < account->last_time[ring])
		wrong(account, "a time that goes back", ring, slot);
	account->read[slot->type % PORTWATCH_TYPES]++;
	account->read_on[ring][slot->type % PORTWATCH_TYPES]++;
	if (slot->type == PORTWATCH_LOST) {
		visit_lost(raw, ring, (const void *)slot, account);
	} else {
		raw->next_seq[ring] = slot->seq + 1;
		if (slot->type == PORTWATCH_PROCESS)
			note(account, account->announced, process->key, ring,
			     slot);
		else
			visit_event(account, ring, (const void *)slot);
	}
	account->last_time[ring] = slot->time;
}

void account_slowly(struct raw *raw, struct account *account, const struct load *load,
		    unsigned int slots, unsigned int times)
{
	uint64_t all = load->binds + load->connections, done = 0, next = 0;
	unsigned int i;

	while (done < all && !load->failed) {
		done = __atomic_load_n(&load->done[PORTWATCH_BIND], __ATOMIC_RELAXED) +
		       __atomic_load_n(&load->done[PORTWATCH_ACCEPT],
				       __ATOMIC_RELAXED);
		poll(NULL, 0, 1);
		if (done < next)
			continue;
		next = done + all / times;
		for (i = 0; i < raw->header->nr_rings; i++)
			raw_drain(raw, i, slots, account_visit, account);
	}
}

void account_finish(struct raw *raw, struct account *account)
{
	do {
		raw_drain_all(raw, account_visit, account);
		ioctl(raw->fd, PORTWATCH_IOC_FLUSH, 0);
	} while (raw_drain_all(raw, account_visit, account));
}

static void *read_thread(void *argument)
{
	struct account_reader *reader = argument;
	struct pollfd ready = { .fd = reader->raw->fd, .events = POLLIN };

	while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED)) {
		poll(&ready, 1, 100);
		raw_drain_all(reader->raw, account_visit, reader->account);
	}
	return NULL;
}

int account_reader_begin(struct account_reader *reader, struct raw *raw,
			 struct account *account)
{
	reader->raw = raw;
	reader->account = account;
	reader->stop = false;
	return -pthread_create(&reader->thread, NULL, read_thread, reader);
}

void account_reader_end(struct account_reader *reader)
{
	__atomic_store_n(&reader->stop, true, __ATOMIC_RELAXED);
	pthread_join(reader->thread, NULL);
	account_finish(reader->raw, reader->account);
}

static unsigned int same(const char *what, unsigned int ring, unsigned int type,
			 uint64_t want, uint64_t got)
{
	if (want == got)
		return 0;
	fprintf(stderr, "# ring %u, type %u, %s: expected %" PRIu64 ", got %"
		PRIu64 "\n", ring, type, what, want, got);
	return 1;
}

unsigned int account_unnamed(const struct account *account)
{
	unsigned int key, bad = 0;

	for (key = 0; key < ACCOUNT_KEYS; key++) {
		if (!account->used[key])
			continue;
		if (account->announced[key] &&
		    account->announced[key] <= account->used[key])
			continue;
		fprintf(stderr, "# process %u was %s\n", key,
			account->announced[key] ? "announced after its use" :
						  "never announced");
		bad++;
	}
	return bad;
}

/* The kernel's counters by themselves, and what was read of that ring. */
static unsigned int check_ring(const struct raw *raw, unsigned int ring,
			       const struct account *account)
{
	const struct portwatch_ring *page = raw->rings[ring];
	unsigned int type, bad = 0;

	for (type = 1; type < PORTWATCH_TYPES; type++) {
		bad += same("seen", ring, type, page->seen[type],
			    page->filtered[type] + page->lost[type] +
			    page->delivered[type]);
		bad += same("lost", ring, type, page->lost[type],
			    account->missing_on[ring][type]);
		if (type != PORTWATCH_LOST)
			bad += same("delivered", ring, type,
				    page->delivered[type],
				    account->read_on[ring][type]);
	}
	return bad;
}

/* Each lost event is somebody's, and nobody's more than there are. */
static unsigned int check_losers(const struct raw *raw, unsigned int ring)
{
	const struct portwatch_ring *page = raw->rings[ring];
	uint64_t lost = 0, blamed = 0;
	unsigned int i;

	for (i = 1; i < PORTWATCH_PROCESS; i++)
		lost += page->lost[i];
	for (i = 0; i < PORTWATCH_LOSERS; i++)
		blamed += page->losers[i].lost;
	return same("losers", ring, 0, lost, blamed);
}

unsigned int account_check_rings(const struct raw *raw,
				 const struct account *account)
{
	unsigned int ring, bad = account->wrong + account_unnamed(account);

	for (ring = 0; ring < raw->header->nr_rings; ring++) {
		bad += check_ring(raw, ring, account);
		bad += check_losers(raw, ring);
	}
	return bad;
}

static bool is_done(unsigned int type)
{
	return type > PORTWATCH_SOCKET && type < PORTWATCH_FLOW;
}

unsigned int account_check_all(const struct raw *raw, const struct load *load,
			       const struct account *account)
{
	unsigned int type, bad = account_check_rings(raw, account);

	for (type = 1; type < PORTWATCH_TYPES; type++)
		if (is_done(type))
			bad += same("done", raw->header->nr_rings, type,
				    load->done[type],
				    account->read[type] + account->missing[type]);
	return bad;
}

unsigned int account_check(const struct raw *raw, const struct load *load,
			   const struct account *account)
{
	unsigned int ring, type, bad = account_check_rings(raw, account);

	for (ring = 0; ring < raw->header->nr_rings; ring++)
		for (type = 1; type < PORTWATCH_TYPES; type++)
			if (is_done(type))
				bad += same("done", ring, type,
					    load->done_on[ring][type],
					    account->read_on[ring][type] +
					    account->missing_on[ring][type]);
	return bad;
}
