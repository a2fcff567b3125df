/*
 * In place of what c-ares reads of the machine: resolv.conf, nsswitch.conf,
 * svc.conf and the environment. The role that asks the DNS may open no file,
 * and net/resolve.c tells the servers.
 */
#include "ares_private.h"

ares_status_t
ares_init_by_sysconfig(ares_channel_t *channel)
{
	(void)channel;
	return ARES_SUCCESS;
}
