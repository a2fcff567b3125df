/* What every TCP socket of ours has set, whoever called whom. */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

/*
 * Set TCP_NODELAY, and keepalive such that a peer that is no more is gone in
 * ten minutes.
 *
 * Returns:  0 or negative errno.
 */
int socket_options_set(int fd) __attribute__((warn_unused_result));

#endif
