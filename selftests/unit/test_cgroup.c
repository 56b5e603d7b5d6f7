// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "cgroup.h"
#include "test.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2	"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD	"pod1f0c7a2e_8f0e_4f62_b2c4_0a3b6a9d1f11"
#define PODDASH	"pod1f0c7a2e-8f0e-4f62-b2c4-0a3b6a9d1f11"

struct sample {
	const char *path;
	const char *unit;
	const char *container;
};

static const struct sample samples[] = {
	/* systemd, system */
	{ "/system.slice/nginx.service", "nginx.service", "" },
	{ "/system.slice/system-getty.slice/getty@tty1.service",
	  "getty@tty1.service", "" },
	{ "/system.slice/docker.socket", "docker.socket", "" },
	{ "/system.slice/dev-hugepages.mount", "dev-hugepages.mount", "" },
	{ "/init.scope", "init.scope", "" },
	{ "/system.slice/cups.service/workers/1", "cups.service", "" },
	{ "/system.slice/_cgroup.service", "cgroup.service", "" },
	{ "/system.slice/dbus-:1.2-org.freedesktop.problems@0.service",
	  "dbus-:1.2-org.freedesktop.problems@0.service", "" },
	{ "/system.slice/a\\x2db.service", "a\\x2db.service", "" },
	/* systemd, users */
	{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/emacs.service",
	  "emacs.service", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/init.scope",
	  "user@1000.service", "" },
	{ "/user.slice/user-0.slice/user@0.service/app.slice/app-gnome-x-1.scope",
	  "app-gnome-x-1.scope", "" },
	/* a slice is no unit of its own */
	{ "/system.slice", "", "" },
	{ "/user.slice/user-1000.slice", "", "" },
	{ "/", "", "" },
	{ "", "", "" },
	{ "//", "", "" },
	{ ".service", "", "" },
	{ "/system.slice/.service", "", "" },
	{ "/system.slice/with space.service", "", "" },
	{ "/system.slice/esc\033.service", "", "" },
	{ "/service", "", "" },
	{ "nginx.service", "nginx.service", "" },
	/* groups that a unit made inside its own, and named after another one */
	{ "/system.slice/evil.service/nginx.service", "evil.service", "" },
	{ "/system.slice/evil.service/system.slice/nginx.service",
	  "evil.service", "" },
	{ "/system.slice/evil.service/a.scope/_b.service/c.mount",
	  "evil.service", "" },
	{ "/system.slice/evil.service/user@0.service/nginx.service",
	  "evil.service", "" },
	{ "/system.slice/evil.service/user@0.service/init.scope",
	  "evil.service", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/a.service/b.service",
	  "a.service", "" },
	{ "/user.slice/user-1000.slice/session-3.scope/nginx.service",
	  "session-3.scope", "" },
	{ "/init.scope/nginx.service", "init.scope", "" },
	{ "/system.slice/_evil.service/nginx.service", "evil.service", "" },
	/* names that only look so */
	{ "/system.slice/nginx.service ", "", "" },
	{ "/system.slice/nginx.service.", "", "" },
	{ "/system.slice/nginx.SERVICE", "", "" },
	{ "/system.slice/nginx.service\t", "", "" },
	{ "/system.slice/\xc3\xa9.service", "", "" },
	{ "/system.slice/$(id).service", "", "" },
	{ "/system.slice/..service", "..service", "" },
	{ "/../../system.slice/nginx.service", "nginx.service", "" },
	/* docker */
	{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", ID },
	{ "/docker/" ID, "", ID },
	{ "/docker/0123456789ab", "", "0123456789ab" },
	{ "/docker/0123456789a", "", "" },
	{ "/docker/buildkit", "", "" },
	{ "/system.slice/docker.service", "docker.service", "" },
	{ "/system.slice/docker-" ID ".scope/system.slice/nginx.service",
	  "nginx.service", ID },
	{ "/system.slice/docker-" ID ".scope/init.scope", "init.scope", ID },
	{ "/docker/" ID "/docker/" ID2, "", ID2 },
	{ "/docker/" ID "/system.slice/nginx.service", "nginx.service", ID },
	{ "/docker/" ID "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-"
	  POD ".slice/cri-containerd-" ID2 ".scope",
	  "cri-containerd-" ID2 ".scope", ID2 },
	{ "/system.slice/docker-" ID, "", ID },
	{ "/system.slice/docker-0123456789AB.scope",
	  "docker-0123456789AB.scope", "" },
	{ "/system.slice/docker-" ID "0.scope", "docker-" ID "0.scope", "" },
	{ "/system.slice/notdocker-" ID ".scope", "notdocker-" ID ".scope",
	  "" },
	{ "/system.slice/docker-" ID "x.scope", "docker-" ID "x.scope", "" },
	/* podman */
	{ "/machine.slice/libpod-" ID ".scope", "libpod-" ID ".scope", ID },
	{ "/machine.slice/libpod-" ID ".scope/container",
	  "libpod-" ID ".scope", ID },
	{ "/machine.slice/libpod-conmon-" ID ".scope",
	  "libpod-conmon-" ID ".scope", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID
	  ".scope/container", "libpod-" ID ".scope", ID },
	{ "/libpod_parent/libpod-" ID, "", ID },
	{ "/system.slice/web.service/libpod-payload-" ID, "web.service", ID },
	/* kubernetes */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" POD
	  ".slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope",
	  ID },
	{ "/kubepods.slice/kubepods-" POD ".slice/crio-" ID ".scope",
	  "crio-" ID ".scope", ID },
	{ "/kubepods.slice/kubepods-" POD ".slice/crio-conmon-" ID ".scope",
	  "crio-conmon-" ID ".scope", "" },
	{ "/kubepods/burstable/" PODDASH "/" ID, "", ID },
	{ "/kubepods/besteffort/" PODDASH, "", "" },
	{ "/system.slice/containerd.service/kubepods-burstable-" POD
	  ".slice:cri-containerd:" ID, "containerd.service", ID },
	/* others */
	{ "/lxc/web/system.slice/nginx.service", "nginx.service", "web" },
	{ "/lxc/100/ns", "", "100" },
	{ "/lxc.payload.web/init.scope", "init.scope", "web" },
	{ "/lxc.monitor.web", "", "" },
	{ "/lxc.payload/web", "", "web" },
	{ "/ecs/0123/" ID, "", ID },
	{ "/system.slice/nerdctl-" ID ".scope", "nerdctl-" ID ".scope", ID },
	{ "/machine.slice/systemd-nspawn@my\\x2dbox.service/payload",
	  "systemd-nspawn@my\\x2dbox.service", "my-box" },
	{ "/machine.slice/machine-my\\x2dbox.scope",
	  "machine-my\\x2dbox.scope", "my-box" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
	  "machine-qemu\\x2d1\\x2dvm.scope", "" },
};

static void known_paths(void **state)
{
	char unit[256], id[256];
	size_t i, len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		unit[0] = 0;
		id[0] = 0;
		len = pw_cgroup_unit(samples[i].path, unit, sizeof(unit));
		assert_int_equal(len, strlen(unit));
		len = pw_cgroup_container(samples[i].path, id, sizeof(id));
		assert_int_equal(len, strlen(id));
		if (strcmp(unit, samples[i].unit))
			fail_msg("%s: unit \"%s\", not \"%s\"",
				 samples[i].path, unit, samples[i].unit);
		if (strcmp(id, samples[i].container))
			fail_msg("%s: container \"%s\", not \"%s\"",
				 samples[i].path, id, samples[i].container);
	}
}

static void names_are_cut_to_the_room_there_is(void **state)
{
	char name[8];

	(void)state;
	assert_int_equal(pw_cgroup_unit("/nginx.service", name, sizeof(name)),
			 7);
	assert_string_equal(name, "nginx.s");
	assert_int_equal(pw_cgroup_container("/docker/" ID, name, sizeof(name)),
			 7);
	assert_string_equal(name, "0123456");
	/* an escape that the cut goes through stays as it is */
	assert_int_equal(pw_cgroup_container("/machine-abcd\\x2de.scope", name,
					     sizeof(name)), 7);
	assert_string_equal(name, "abcd\\x2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_paths),
		cmocka_unit_test(names_are_cut_to_the_room_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
