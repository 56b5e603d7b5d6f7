// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "module.h"
#include "scene.h"

#define SOCK_TYPE	0xf	/* the rest are flags */

/* A unix socket is enough to ask for it, and makes no event. */
static int loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	request.ifr_flags = IFF_UP;
	err = ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
	close(fd);
	return err;
}

/*
 * In TIME_WAIT a RST is not obeyed (RFC 1337): a machine that stalls for 200 ms after the
 * last FIN sends it twice, and the answer to the second would be that RST.
 */
int scene_unshare(void)
{
	int err = unshare(CLONE_NEWNET) ? -errno : loopback_up();

	return err ? err : file_set_net("ipv4/tcp_rfc1337", "1");
}

uint32_t scene_netns(void)
{
	struct stat info;

	return stat("/proc/self/ns/net", &info) ? 0 : info.st_ino;
}

bool scene_has(int type, int protocol)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return errno != EPROTONOSUPPORT;
	close(fd);
	return true;
}

/* Of the smallest kind, and never read: the tests have their own. */
void scene_hold_hooks(void)
{
	struct portwatch_start start = {
		.size = sizeof(start),
		.events = PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT_FAILED),
		.ring_slots = PORTWATCH_SLOTS_MIN,
	};
	int fd = module_require() ? -1 : module_open();

	if (fd < 0 || ioctl(fd, PORTWATCH_IOC_START, &start))
		fprintf(stderr, "# the hooks are not held\n");
}

static int scene_begin(struct scene *scene, enum family family)
{
	memset(scene, 0, sizeof(*scene));
	scene->family = family;
	process_self(&scene->self);
	watch_add_pid(&scene->watch, getpid());
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	strcpy(scene->directory, "/tmp/portwatch-XXXXXX");
	if (!mkdtemp(scene->directory))
		return -errno;
	chmod(scene->directory, 0755);
	return 0;
}

int scene_prepare(struct scene *scene, enum family family)
{
	int err = scene_begin(scene, family);

	if (!err)
		err = scene_unshare();
	scene->watch.whole_netns = true;
	scene->watch.netns = scene_netns();
	return err;
}

int scene_watch(struct scene *scene, const struct portwatch_options *options)
{
	int err = module_require();

	if (!err)
		err = watch_open(&scene->watch, options);
	if (err)
		fprintf(stderr, "# no reader: %s\n", strerror(-err));
	return err;
}

int scene_open(struct scene *scene, enum family family)
{
	struct portwatch_options options = watch_options();
	int err = scene_prepare(scene, family);

	return err ? err : scene_watch(scene, &options);
}

int scene_open_outside(struct scene *scene, enum family family)
{
	struct portwatch_options options = watch_options();
	int err = scene_begin(scene, family);

	scene->watch.netns = scene_netns();
	return err ? err : scene_watch(scene, &options);
}

static void remove_directory(const char *path)
{
	struct dirent *entry;
	char file[512];
	DIR *directory = opendir(path);

	if (!directory)
		return;
	while ((entry = readdir(directory))) {
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		unlink(file);
	}
	closedir(directory);
	rmdir(path);
}

void scene_close(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < scene->nr_actors; i++)
		if (scene->actors[i].control >= 0)
			process_kill(&scene->actors[i]);
	watch_close(&scene->watch);
	remove_directory(scene->directory);
}

static struct process *scene_add(struct scene *scene, int err)
{
	struct process *process = &scene->actors[scene->nr_actors];

	if (err) {
		fprintf(stderr, "# no actor: %s\n", strerror(-err));
		process->control = -1;
		return NULL;
	}
	scene->nr_actors++;
	watch_add_pid(&scene->watch, process->who.pid);
	return process;
}

struct process *scene_actor(struct scene *scene, const char *name)
{
	struct process *process = &scene->actors[scene->nr_actors];

	if (scene->nr_actors == SCENE_ACTORS)
		return NULL;
	return scene_add(scene, process_start(process, scene->directory, name));
}

int scene_actor_of(struct scene *scene, const char *program, const char *name,
		   struct process **process)
{
	struct process *actor = &scene->actors[scene->nr_actors];
	int err = process_start_of(actor, program, scene->directory, name);

	*process = scene_add(scene, err);
	return err;
}

struct process *scene_fork(struct scene *scene, struct process *parent)
{
	struct process *process = &scene->actors[scene->nr_actors];

	if (scene->nr_actors == SCENE_ACTORS)
		return NULL;
	return scene_add(scene, process_fork(parent, process));
}

struct process *scene_vfork(struct scene *scene, struct process *parent)
{
	struct process *process = &scene->actors[scene->nr_actors];

	if (scene->nr_actors == SCENE_ACTORS)
		return NULL;
	return scene_add(scene, process_vfork(parent, process));
}

int scene_socket_of(struct scene *scene, struct end *end,
		    struct process *process, int type)
{
	bool stream = (type & SOCK_TYPE) == SOCK_STREAM;

	return end_open_protocol(end, process, family_domain(scene->family),
				 type, stream ? scene->protocol : 0);
}

int scene_socket(struct scene *scene, struct end *end, int type)
{
	return scene_socket_of(scene, end, &scene->self, type);
}

struct target scene_loopback(const struct scene *scene, uint16_t port)
{
	return target_loopback(scene->family, port);
}

int scene_listen(struct scene *scene, struct end *listener,
		 struct process *process)
{
	int err = scene_socket_of(scene, listener, process, SOCK_STREAM);

	if (!err)
		err = end_bind(listener, scene_loopback(scene, 0));
	return err ? err : end_listen(listener, 16);
}

int scene_connect(struct scene *scene, struct end *client,
		  struct process *process, struct end *listener)
{
	int err = scene_socket_of(scene, client, process, SOCK_STREAM);

	if (err)
		return err;
	return end_connect(client, scene_loopback(scene, end_port(listener)));
}

int scene_join(struct scene *scene, struct end *client,
	       struct process *process, struct end *listener,
	       struct end *server)
{
	int err = scene_connect(scene, client, process, listener);

	return err ? err : end_accept(server, listener);
}

void scene_expect_listen(struct scene *scene, const struct end *listener)
{
	expect_socket(&scene->watch, listener);
	expect_bind(&scene->watch, listener, PORTWATCH_HOW_EPHEMERAL);
	expect_listen(&scene->watch, listener, 16);
}

void scene_expect_connect(struct scene *scene, const struct end *client)
{
	expect_socket(&scene->watch, client);
	expect_connect(&scene->watch, client);
	expect_established(&scene->watch, client);
}

void scene_expect_join(struct scene *scene, const struct end *client,
		       const struct end *listener, const struct end *server)
{
	scene_expect_connect(scene, client);
	expect_accept(&scene->watch, server, listener);
}
