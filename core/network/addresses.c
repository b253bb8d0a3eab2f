/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/addresses.c - the addresses of this machine that others may reach.
 */
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network/network.h"

/* Whether /sys/class/net/INTERFACE/NAME exists. */
static bool has_file(const char *interface, const char *name)
{
	char path[128];

	return snprintf(path, sizeof path, "/sys/class/net/%s/%s", interface, name) <
	           (int)sizeof path &&
	       access(path, F_OK) == 0;
}

/* A virtual interface has no device behind it: bridges of containers, tunnels. */
static bool is_virtual(const char *interface)
{
	char path[128], target[PATH_MAX];

	snprintf(path, sizeof path, "/sys/class/net/%s", interface);
	return realpath(path, target) && strstr(target, "/devices/virtual/");
}

static const char *kind_of(const struct ifaddrs *i)
{
	if (i->ifa_flags & IFF_LOOPBACK)
		return "";
	if (has_file(i->ifa_name, "wireless") || has_file(i->ifa_name, "phy80211"))
		return "wifi";
	return is_virtual(i->ifa_name) ? "virtual" : "";
}

/* Links' own IPv6 addresses need an interface's name on the other side. */
static bool can_be_reached(const struct ifaddrs *i, bool loopback)
{
	if (!i->ifa_addr || !(i->ifa_flags & IFF_UP) || !(i->ifa_flags & IFF_RUNNING) ||
	    (!loopback && (i->ifa_flags & IFF_LOOPBACK)))
		return false;
	if (i->ifa_addr->sa_family == AF_INET)
		return true;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)i->ifa_addr;
	return i->ifa_addr->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr);
}

/* Those that people type first: IPv4, wired, wireless, virtual, loopback. */
static int rank_of(const struct ifaddrs *i)
{
	const char *kind = kind_of(i);
	const int by_kind = i->ifa_flags & IFF_LOOPBACK ? 3 : *kind == 'v' ? 2 : *kind == 'w';

	return 2 * by_kind + (i->ifa_addr->sa_family == AF_INET6);
}

void fed_network_each_address(void (*take)(void *ctx, const char *interface, const char *address,
                                           const char *kind),
                              void *ctx, bool loopback)
{
	struct ifaddrs *all = NULL;
	char address[NI_MAXHOST];

	if (getifaddrs(&all))
		return;
	for (int rank = 0; rank < 8; rank++) {
		for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
			if (!can_be_reached(i, loopback) || rank_of(i) != rank)
				continue;
			const socklen_t size = i->ifa_addr->sa_family == AF_INET ? sizeof(struct sockaddr_in)
			                                                         : sizeof(struct sockaddr_in6);
			if (getnameinfo(i->ifa_addr, size, address, sizeof address, NULL, 0, NI_NUMERICHOST) ==
			    0)
				take(ctx, i->ifa_name, address, kind_of(i));
		}
	}
	freeifaddrs(all);
}
