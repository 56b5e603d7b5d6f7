/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AF_VSOCK is a module of the kernel, of which we link no symbol: what is used here
 * are its structures, and what is inline in its header.
 */
#ifndef PW_COMPAT_VSOCK_H
#define PW_COMPAT_VSOCK_H

#include <linux/version.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/af_vsock.h>

/*
 * Can sockets of these two namespaces reach each other, and so take a port from each
 * other? Before 7.0 all could, wherever they were.
 */
static inline bool pw_vsock_nets_meet(struct net *a, struct net *b)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return vsock_net_check_mode(a, b);
#else
	return true;
#endif
}

/*
 * Does connect() return the error of an earlier attempt, if nobody has fetched that? Then
 * it does so at once. Since 6.12 (6.14, and what that brought to stable kernels) it is
 * cleared, after the transport's connect().
 */
#define PW_VSOCK_KEEPS_ERROR	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0))

#endif /* PW_COMPAT_VSOCK_H */
