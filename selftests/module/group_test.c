// SPDX-License-Identifier: GPL-2.0
/*
 * Row 32: the unit and the container of a process are read from its control group.
 * Groups are made here as systemd and the container runtimes name them.
 */
#include <kselftest_harness.h>

#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "scene.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER	"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD	"pod1f0c7a2e_8f0e_4f62_b2c4_0a3b6a9d1f11"
#define MANAGER	"user.slice/user-1000.slice/user@1000.service"
#define KUBELET	"kubelet.slice/kubelet-kubepods.slice/" \
		KUBEPODS ".slice/" KUBEPODS "-" POD ".slice"
#define KUBEPODS "kubelet-kubepods-besteffort"
#define LONG	ID ID "-is-long.slice/"
#define LONGER	LONG LONG LONG

SCENE_HOLD_HOOKS

FIXTURE(group)
{
	struct scene scene;
	char mount_at[96];
	char made[4096];
};

FIXTURE_VARIANT(group)
{
	const char *path;
	const char *unit;
	const char *container;
};

#define GROUP(name, path_, unit_, container_)				\
FIXTURE_VARIANT_ADD(group, name)					\
{									\
	.path = path_, .unit = unit_, .container = container_,		\
}

GROUP(service, "system.slice/nginx.service", "nginx.service", NULL);
GROUP(instance, "system.slice/system-getty.slice/getty@tty1.service",
	"getty@tty1.service", NULL);
GROUP(session, "user.slice/user-1000.slice/session-3.scope",
	"session-3.scope", NULL);
GROUP(user_service, MANAGER "/app.slice/emacs.service", "emacs.service", NULL);
GROUP(slice, "system.slice", NULL, NULL);
GROUP(docker, "system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID);
GROUP(docker_cgroupfs, "docker/" ID, NULL, ID);
GROUP(service_in_docker, "docker/" ID "/system.slice/nginx.service",
	"nginx.service", ID);
GROUP(podman, "machine.slice/libpod-" ID ".scope/container",
	"libpod-" ID ".scope", ID);
GROUP(containerd, "kubepods.slice/kubepods-" POD ".slice/cri-containerd-" ID
	".scope", "cri-containerd-" ID ".scope", ID);
GROUP(crio, "kubepods.slice/kubepods-" POD ".slice/crio-" ID ".scope",
	"crio-" ID ".scope", ID);
GROUP(kubernetes_in_docker, "docker/" ID "/" KUBELET "/cri-containerd-" OTHER
	".scope", "cri-containerd-" OTHER ".scope", OTHER);
GROUP(nspawn, "machine.slice/systemd-nspawn@my\\x2dbox.service/payload",
	"systemd-nspawn@my\\x2dbox.service", "my-box");
GROUP(lxc, "lxc.payload.web/init.scope", "init.scope", "web");
GROUP(hostile_service, "system.slice/evil.service/nginx.service",
	"evil.service", NULL);
GROUP(hostile_bytes, "system.slice/\033[31mnginx .service", NULL, NULL);
GROUP(short_id, "docker/0123456789a", NULL, NULL);
/* More than there is room for: a part of it would name another container. */
GROUP(too_long, "docker/" ID "/" LONGER LONGER LONGER "docker-" OTHER
	".scope", NULL, NULL);

FIXTURE_SETUP(group)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, scene_open(scene, IPV4));
	snprintf(self->mount_at, sizeof(self->mount_at), "%s/cgroup",
		 scene->directory);
	ASSERT_EQ(0, mkdir(self->mount_at, 0755));
	ASSERT_EQ(0, mount("none", self->mount_at, "cgroup2", 0, NULL));
}

/* The groups that were made are empty now, and are removed inside out. */
FIXTURE_TEARDOWN(group)
{
	size_t root = strlen(self->mount_at);
	char *slash;

	scene_close(&self->scene);
	while (strlen(self->made) > root && !rmdir(self->made)) {
		slash = strrchr(self->made, '/');
		*slash = 0;
	}
	umount(self->mount_at);
	rmdir(self->mount_at);
	rmdir(self->scene.directory);
}

/* Each of the folders on the way; some may be there already. */
static int make_groups(char *made, const char *top, const char *path)
{
	const char *end = path;

	do {
		end += 1 + strcspn(end + 1, "/");
		sprintf(made, "%s/%.*s", top, (int)(end - path), path);
		if (mkdir(made, 0755) && errno != EEXIST)
			return -errno;
	} while (*end);
	return 0;
}

static bool same(const char *want, const char *got)
{
	if (!want || !got)
		return want == got;
	return !strcmp(want, got);
}

TEST_F(group, says_unit_and_container)
{
	const struct portwatch_identity *owner;
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "grouped");
	char file[4200], pid[16];
	struct stat info;
	struct end end;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, make_groups(self->made, self->mount_at, variant->path));
	snprintf(file, sizeof(file), "%s/cgroup.procs", self->made);
	snprintf(pid, sizeof(pid), "%u", process->who.pid);
	ASSERT_EQ(0, file_write(file, pid));
	ASSERT_EQ(0, scene_socket_of(scene, &end, process, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
	ASSERT_EQ(0, watch_collect(watch, 2));
	owner = &watch->got[0].owner;
	ASSERT_EQ(process->who.pid, owner->pid);
	ASSERT_EQ(0, stat(self->made, &info));
	EXPECT_EQ(info.st_ino, owner->cgroup_id);
	if (!same(variant->unit, owner->unit) ||
	    !same(variant->container, owner->container))
		TH_LOG("cgroup %s: unit %s, container %s",
		       owner->cgroup ?: "(none)", owner->unit ?: "(none)",
		       owner->container ?: "(none)");
	EXPECT_TRUE(same(variant->unit, owner->unit));
	EXPECT_TRUE(same(variant->container, owner->container));
	EXPECT_STREQ(owner->cgroup ? variant->path : "",
		     owner->cgroup ? owner->cgroup + 1 : "");
	EXPECT_EQ(owner->cgroup ? 0 : PORTWATCH_P_TRUNCATED, owner->flags);
	process_kill(process);
}

TEST_HARNESS_MAIN
