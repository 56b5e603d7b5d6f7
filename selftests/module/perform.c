// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* It needs what the others declare. */
#include <linux/sctp.h>

#include <linux/portwatch.h>

#include "patience.h"
#include "perform.h"

#ifndef SYS_pidfd_getfd	/* glibc before 2.32 */
#define SYS_pidfd_getfd 438
#endif

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
#define PATIENCE_MS 10000

uint64_t clock_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static int option_get(int fd, int level, int name)
{
	socklen_t length = sizeof(int);
	int value = 0;

	return getsockopt(fd, level, name, &value, &length) ? 0 : value;
}

static uint16_t facts_flags(int fd)
{
	uint16_t flags = 0;

	if (option_get(fd, SOL_SOCKET, SO_REUSEADDR))
		flags |= PORTWATCH_F_REUSE_ADDR;
	if (option_get(fd, SOL_SOCKET, SO_REUSEPORT))
		flags |= PORTWATCH_F_REUSE_PORT;
	if (option_get(fd, IPPROTO_IP, IP_FREEBIND))
		flags |= PORTWATCH_F_FREEBIND;
	if (option_get(fd, IPPROTO_IP, IP_TRANSPARENT))
		flags |= PORTWATCH_F_TRANSPARENT;
	return flags;
}

static void facts_get(int fd, struct facts *facts)
{
	struct sockaddr_storage name;
	struct tcp_info info = { 0 };
	socklen_t length;

	memset(facts, 0, sizeof(*facts));
	length = sizeof(facts->cookie);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &facts->cookie, &length);
	facts->domain = option_get(fd, SOL_SOCKET, SO_DOMAIN);
	facts->type = option_get(fd, SOL_SOCKET, SO_TYPE);
	facts->protocol = facts->domain == AF_VSOCK ? PORTWATCH_PROTO_VSOCK :
			  option_get(fd, SOL_SOCKET, SO_PROTOCOL);
	facts->flags = facts_flags(fd);
	if (facts->domain == AF_INET6)
		facts->v6only = option_get(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	length = sizeof(name);
	if (!getsockname(fd, (struct sockaddr *)&name, &length))
		facts->local = address_of((struct sockaddr *)&name);
	length = sizeof(name);
	facts->has_remote = !getpeername(fd, (struct sockaddr *)&name, &length);
	if (facts->has_remote)
		facts->remote = address_of((struct sockaddr *)&name);
	length = sizeof(info);
	if (facts->protocol == IPPROTO_TCP &&
	    !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length)) {
		facts->retrans = info.tcpi_total_retrans;
		if (info.tcpi_state == TCP_LISTEN)
			facts->queued = info.tcpi_unacked;
		facts->syn_data = info.tcpi_options & TCPI_OPT_SYN_DATA;
	}
}

static int send_all(int fd, int bytes)
{
	static const char data[4096];
	int left = bytes, sent;

	while (left > 0) {
		sent = send(fd, data, left < 4096 ? left : 4096, MSG_NOSIGNAL);
		if (sent < 0)
			return -1;
		left -= sent;
	}
	return bytes;
}

static int receive_all(int fd, int bytes)
{
	char data[4096];
	int all = 0, got;

	while (all < bytes) {
		got = bytes - all;
		got = recv(fd, data, got < 4096 ? got : 4096, 0);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		all += got;
	}
	return all;
}

static int set_deaf(int fd, bool deaf)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };
	int none = 0;

	return setsockopt(fd, SOL_SOCKET,
			  deaf ? SO_ATTACH_FILTER : SO_DETACH_FILTER,
			  deaf ? (void *)&program : (void *)&none,
			  deaf ? sizeof(program) : sizeof(none));
}

static int wait_outcome(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

	if (poll(&poll_fd, 1, patient(PATIENCE_MS)) != 1) {
		errno = ETIME;
		return -1;
	}
	errno = option_get(fd, SOL_SOCKET, SO_ERROR);
	return errno ? -1 : 0;
}

/* SIOCOUTQ is 0 when the other end has confirmed every byte. */
static int wait_drained(int fd)
{
	uint64_t limit = clock_boottime() + patient(PATIENCE_MS * 1000000ULL);
	int left = 1;

	while (!ioctl(fd, SIOCOUTQ, &left) && left)
		if (clock_boottime() > limit) {
			errno = ETIME;
			return -1;
		}
	return left;
}

static int peel_off(int fd, unsigned int which)
{
	struct {
		struct sctp_assoc_ids ids;
		sctp_assoc_t id[8];
	} all = { { 0 } };
	sctp_peeloff_arg_t peel_off;
	socklen_t length = sizeof(all);

	if (getsockopt(fd, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, &all, &length))
		return -1;
	if (which >= all.ids.gaids_number_of_ids) {
		errno = ENOENT;
		return -1;
	}
	peel_off.associd = all.id[which];
	length = sizeof(peel_off);
	return getsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF, &peel_off,
			  &length);
}

static int set_option(const struct request *request)
{
	return setsockopt(request->fd, request->a, request->b, &request->c,
			  sizeof(request->c));
}

static int act_on_socket(const struct request *request)
{
	static const struct linger zero = { .l_onoff = 1 };
	const struct target *target = &request->target;
	int fd = request->fd;

	switch (request->verb) {
	case DO_OPEN:
		return socket(request->a, request->b | SOCK_CLOEXEC,
			      request->c);
	case DO_BIND:
		return bind(fd, &target->any, target->length);
	case DO_LISTEN:
		return listen(fd, request->a);
	case DO_CONNECT:
		return connect(fd, &target->any, target->length);
	case DO_ACCEPT:
		return accept4(fd, NULL, NULL, request->a | SOCK_CLOEXEC);
	case DO_CLOSE:
		return close(fd);
	case DO_SHUTDOWN:
		return shutdown(fd, request->a);
	case DO_SEND:
		return send_all(fd, request->a);
	case DO_SEND_TO:
		return sendto(fd, request->text, request->a,
			      request->b | MSG_NOSIGNAL, &target->any,
			      target->length);
	case DO_RECEIVE:
		return receive_all(fd, request->a);
	case DO_OPTION:
		return set_option(request);
	case DO_LINGER_ZERO:
		return setsockopt(fd, SOL_SOCKET, SO_LINGER, &zero,
				  sizeof(zero));
	case DO_NONBLOCK:
		return fcntl(fd, F_SETFL, O_NONBLOCK);
	case DO_DEVICE:
		return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE,
				  request->text, strlen(request->text));
	case DO_BINDX:
		return setsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_BINDX_ADD,
				  target, target->length);
	case DO_PEEL_OFF:
		return peel_off(fd, request->a);
	case DO_DEAF:
		return set_deaf(fd, request->a);
	case DO_OUTCOME:
		return wait_outcome(fd);
	case DO_DRAIN:
		return wait_drained(fd);
	default:
		return 0;
	}
}

static int execute(const struct request *request, int control)
{
	char text[16];

	if (request->fd >= 0)
		fcntl(request->fd, F_SETFD, 0);
	fcntl(control, F_SETFD, 0);
	snprintf(text, sizeof(text), "%d", control);
	return execl(request->text, request->text, text, NULL);
}

static int steal(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int got, error;

	if (pidfd < 0)
		return -1;
	got = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	error = errno;
	close(pidfd);
	errno = error;
	return got;
}

/* Both ends of the way are this process's own, and nobody reads. */
static int strand(int fd)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	errno = -message_send(pair[0], "x", 1, fd);
	return errno ? -1 : close(fd);
}

static int act_on_process(const struct request *request, int carried)
{
	switch (request->verb) {
	case DO_RENAME:
		return prctl(PR_SET_NAME, request->text);
	case DO_SETUID:
		return setresuid(request->a, request->a, request->a);
	case DO_EXEC:
		return execute(request, request->a);
	case DO_FORK:
		return fork();
	case DO_BREATHE:
		return poll(NULL, 0, request->a);
	case DO_TAKE:
		return carried;
	case DO_STEAL:
		return steal(request->a, request->b);
	case DO_STRAND:
		return strand(request->fd);
	default:
		return 0;
	}
}

static void perform_here(const struct request *request, int carried,
			 struct answer *answer)
{
	int result, fd = request->fd;

	answer->pid = getpid();
	answer->tid = syscall(SYS_gettid);
	answer->carried = -1;
	answer->before = clock_boottime();
	if (request->verb < DO_RENAME)
		result = act_on_socket(request);
	else
		result = act_on_process(request, carried);
	answer->result = result < 0 ? -errno : result;
	answer->after = clock_boottime();
	if (request->verb == DO_GIVE)
		answer->carried = fd;
	if (result >= 0 && (request->verb == DO_OPEN ||
			    request->verb == DO_ACCEPT ||
			    request->verb == DO_PEEL_OFF ||
			    request->verb == DO_TAKE ||
			    request->verb == DO_STEAL))
		fd = result;
	if (fd >= 0 && request->verb != DO_CLOSE && request->verb != DO_STRAND)
		facts_get(fd, &answer->facts);
}

struct job {
	const struct request *request;
	int carried;
	struct answer *answer;
};

static void *perform_job(void *argument)
{
	struct job *job = argument;

	perform_here(job->request, job->carried, job->answer);
	return NULL;
}

void perform(const struct request *request, int carried, struct answer *answer)
{
	struct job job = { request, carried, answer };
	pthread_t thread;

	memset(answer, 0, sizeof(*answer));
	if (!request->thread) {
		perform_here(request, carried, answer);
		return;
	}
	if (pthread_create(&thread, NULL, perform_job, &job) ||
	    pthread_join(thread, NULL))
		answer->result = -EAGAIN;
}

static void carry_out(struct msghdr *message, int fd)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

int message_send(int control, const void *data, size_t size, int carried)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec vector = { .iov_base = (void *)data, .iov_len = size };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };

	if (carried >= 0) {
		message.msg_control = room;
		message.msg_controllen = sizeof(room);
		carry_out(&message, carried);
	}
	if (sendmsg(control, &message, MSG_NOSIGNAL) != (ssize_t)size)
		return -errno;
	return 0;
}

int message_receive(int control, void *data, size_t size, int *carried)
{
	char room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec vector = { .iov_base = data, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header;
	ssize_t got;

	*carried = -1;
	do {
		got = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got != (ssize_t)size)
		return -EPIPE;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(carried, CMSG_DATA(header), sizeof(int));
	return 0;
}
