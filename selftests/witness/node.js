// SPDX-License-Identifier: GPL-2.0
// A server on IPv4 and one on IPv6, and a client that connects to both in turn, and
// sometimes to a port on which nobody listens.
'use strict';

const net = require('net');

const CONNECTIONS = 100;
const hosts = ['127.0.0.1', '::1'];

function connect(port, host, then) {
	const socket = net.connect(port, host, () => socket.end('hello'));

	socket.on('error', () => {});
	socket.on('close', then);
	socket.resume();
}

function run(ports, left, done) {
	const which = left % 2;

	if (left === 0)
		return done();
	connect(left % 5 ? ports[which] : 1, hosts[which],
		() => run(ports, left - 1, done));
}

const servers = hosts.map((host) =>
	net.createServer((socket) => socket.end('bye')).listen(8000, host));

servers[1].on('listening', () => {
	const taken = net.createServer();

	taken.on('error', () => {
		run([8000, 8000], CONNECTIONS, () => servers.map((s) => s.close()));
	});
	taken.listen(8000, hosts[0]);
});
