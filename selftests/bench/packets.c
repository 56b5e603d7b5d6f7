// SPDX-License-Identifier: GPL-2.0
/*
 * packets COUNT: a capture for tcpdump -r on standard output, of small TCP segments
 * between many ports: what a connection's handshake and end look like on the wire.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>

#define ETHERNET	14

/* As in pcap-savefile(5), in the machine's byte order. */
struct capture_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t zone[2];
	uint32_t snap_length;
	uint32_t link_type;
};

struct packet {
	uint32_t seconds;
	uint32_t microseconds;
	uint32_t captured;
	uint32_t length;
	uint8_t ethernet[ETHERNET];
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

#define BYTES	(ETHERNET + sizeof(struct iphdr) + sizeof(struct tcphdr))

static struct packet make(unsigned long number)
{
	static const uint8_t flags[] = { TH_SYN, TH_ACK, TH_FIN | TH_ACK, TH_RST };
	struct packet packet = {
		.seconds = 1795356131 + (uint32_t)(number / 100000),
		.microseconds = (uint32_t)(number % 100000 * 10),
		.captured = BYTES,
		.length = BYTES,
		.ethernet = { [12] = 8 },
		.ip = {
			.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
			.tot_len = htons(BYTES - ETHERNET),
			.saddr = htonl(0x0a00020f), .daddr = htonl(0x0a000210),
		},
		.tcp = {
			.source = htons((uint16_t)(32768 + number / 4 % 28000)),
			.dest = htons(443), .doff = 5,
			.seq = htonl((uint32_t)number * 2654435761U),
			.window = htons(64240),
		},
	};

	packet.tcp.th_flags = flags[number % 4];
	return packet;
}

int main(int argc, char **argv)
{
	const struct capture_header header = {
		.magic = 0xa1b2c3d4, .major = 2, .minor = 4,
		.snap_length = 262144, .link_type = 1,
	};
	unsigned long i, count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	struct packet packet;

	fwrite(&header, sizeof(header), 1, stdout);
	for (i = 0; i < count; i++) {
		packet = make(i);
		fwrite(&packet, sizeof(packet), 1, stdout);
	}
	return fflush(stdout) || ferror(stdout);
}
