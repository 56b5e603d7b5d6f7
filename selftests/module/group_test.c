// SPDX-License-Identifier: GPL-2.0
/*
 * Row 32: the unit and the container of a process are read from its control group.
 * Groups are made here as systemd and the container runtimes name them.
 */
#include <kselftest_harness.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group.h"
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
	struct group group;
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
	ASSERT_EQ(0, group_mount(&self->group, scene->directory));
}

FIXTURE_TEARDOWN(group)
{
	scene_close(&self->scene);
	group_unmount(&self->group);
	rmdir(self->scene.directory);
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
	struct stat info;
	struct end end;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, group_make(&self->group, variant->path));
	ASSERT_EQ(0, group_enter(&self->group, process->who.pid));
	ASSERT_EQ(0, scene_socket_of(scene, &end, process, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
	ASSERT_EQ(0, watch_collect(watch, 2));
	owner = &watch->got[0].owner;
	ASSERT_EQ(process->who.pid, owner->pid);
	ASSERT_EQ(0, stat(self->group.path, &info));
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
