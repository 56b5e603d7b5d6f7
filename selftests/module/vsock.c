// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module.h"
#include "vsock.h"

int vsock_modules(bool there)
{
	return system(there ? "modprobe vsock_loopback" :
		      "modprobe -q -r vsock_loopback vhost_vsock vmw_vsock_virtio_transport vmw_vsock_virtio_transport_common vsock");
}

bool vsock_hook_is_attached(const char *name)
{
	struct portwatch_hook hook;
	bool attached = false;
	int fd = module_open();
	uint32_t i;

	for (i = 0; !module_hook(fd, i, &hook); i++)
		attached |= !strcmp((char *)hook.name, name) &&
			    hook.state == PORTWATCH_HOOK_ATTACHED;
	close(fd);
	return attached;
}

const char *vsock_lacking(int type)
{
	int fd;

	if (vsock_modules(true))
		return "this kernel has no vsock_loopback";
	fd = socket(AF_VSOCK, type | SOCK_CLOEXEC, 0);
	if (fd < 0 && errno == ESOCKTNOSUPPORT)
		return "this kernel's vsock has no such type";
	close(fd);
	return NULL;
}

struct target vsock_local(uint32_t port)
{
	return target_vsock(VMADDR_CID_LOCAL, port);
}

int vsock_socket(struct scene *scene, struct end *end, struct process *process,
		 int type)
{
	int err = end_open(end, process, AF_VSOCK, type);

	if (!err)
		expect_socket(&scene->watch, end);
	return err;
}

struct expect *vsock_expect_over(struct watch *watch, const struct end *end,
				 enum portwatch_reason reason,
				 enum portwatch_first first)
{
	struct expect *expect = expect_close_connection(watch, end, reason,
							first);

	expect->event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.count = PORTWATCH_UNKNOWN32;
	expect->rtt = false;
	expect->retrans_later = false;
	return expect;
}

struct expect *vsock_expect_port_back(struct watch *watch, struct end *end)
{
	end->facts.has_remote = false;
	end->begun[0] = end->born[0];
	end->begun[1] = end->born[1];
	return expect_close_socket(watch, end);
}

int vsock_serve(struct scene *scene, struct end *listener,
		struct process *process, int type)
{
	struct watch *watch = &scene->watch;
	int err = vsock_socket(scene, listener, process, type);

	err = err ? err : end_bind(listener, vsock_local(VMADDR_PORT_ANY));
	expect_bind(watch, listener, PORTWATCH_HOW_EPHEMERAL)->exposure =
		PORTWATCH_EXPOSURE_LOOPBACK;
	err = err ? err : end_listen(listener, 7);
	expect_listen(watch, listener, 7);
	return err;
}

int vsock_call(struct scene *scene, struct end *client, struct process *process,
	       const struct end *listener)
{
	int err = vsock_socket(scene, client, process, listener->facts.type);
	uint32_t port = address_vsock_port(&listener->facts.local);

	err = err ? err : end_connect(client, vsock_local(port));
	expect_connect(&scene->watch, client);
	expect_established(&scene->watch, client);
	return err;
}

int vsock_join(struct scene *scene, struct vsock_joined *all, int type)
{
	struct process *server = scene_actor(scene, "server");
	struct process *client = scene_actor(scene, "client");
	int err = server && client ? 0 : -ECHILD;

	err = err ? err : vsock_serve(scene, &all->listener, server, type);
	err = err ? err : vsock_call(scene, &all->client, client, &all->listener);
	err = err ? err : end_accept(&all->server, &all->listener);
	expect_accept(&scene->watch, &all->server, &all->listener);
	return err ? err : watch_check(&scene->watch);
}

