# Questions to the DNS. Its configure is replaced by the facts about our
# targets, and what is not named here is off: threads, the environment, the
# names of hosts and of network interfaces, options of TCP. c-ares_sysconfig.c
# takes the place of all that reads /etc; net/resolve.c tells the servers.

ROOT = src/lib
SRC := $(filter-out $(ROOT)/ares_sysconfig.c, \
	$(shell find $(ROOT) -name '*.c' 2>/dev/null | sort)) \
	$(ROOT)/sysconfig_none.c
PREPARE = prepared
FLAGS = -Iinclude -I$(ROOT) -I$(ROOT)/include -D_GNU_SOURCE \
	-DCARES_STATICLIB -DCARES_BUILDING_LIBRARY -DHAVE_AF_INET6 \
	-DHAVE_ARPA_INET_H -DHAVE_ASSERT_H -DHAVE_CLOCK_GETTIME_MONOTONIC \
	-DHAVE_CONNECT -DHAVE_ERRNO_H -DHAVE_FCNTL -DHAVE_FCNTL_H \
	-DHAVE_FCNTL_O_NONBLOCK -DHAVE_GETRANDOM -DHAVE_GETTIMEOFDAY \
	-DHAVE_INET_NTOP -DHAVE_INET_PTON -DHAVE_INTTYPES_H -DHAVE_LIMITS_H \
	-DHAVE_LONGLONG -DHAVE_MALLOC_H -DHAVE_MEMMEM -DHAVE_MEMORY_H \
	-DHAVE_MSG_NOSIGNAL -DHAVE_NETDB_H -DHAVE_NETINET_IN_H \
	-DHAVE_NET_IF_H -DHAVE_PF_INET6 -DHAVE_RECV \
	-DHAVE_RECVFROM -DHAVE_SEND -DHAVE_SENDTO -DHAVE_SETSOCKOPT \
	-DHAVE_SIGNAL_H -DHAVE_SOCKET -DHAVE_STDBOOL_H -DHAVE_STDINT_H \
	-DHAVE_STDLIB_H -DHAVE_STRCASECMP -DHAVE_STRDUP -DHAVE_STRINGS_H \
	-DHAVE_STRING_H -DHAVE_STRNCASECMP -DHAVE_STRNLEN \
	-DHAVE_STRUCT_ADDRINFO -DHAVE_STRUCT_IN6_ADDR \
	-DHAVE_STRUCT_SOCKADDR_IN6 -DHAVE_STRUCT_SOCKADDR_STORAGE \
	-DHAVE_STRUCT_SOCKADDR_IN6_SIN6_SCOPE_ID -DHAVE_STRUCT_TIMEVAL \
	-DHAVE_SYS_IOCTL_H -DHAVE_SYS_PARAM_H -DHAVE_SYS_RANDOM_H \
	-DHAVE_SYS_SELECT_H -DHAVE_SYS_SOCKET_H -DHAVE_SYS_TIME_H \
	-DHAVE_SYS_TYPES_H -DHAVE_SYS_UIO_H -DHAVE_TIME_H -DHAVE_UNISTD_H \
	-DHAVE_WRITEV -DRECVFROM_TYPE_ARG3=size_t -DRECV_TYPE_ARG3=size_t \
	-DSEND_TYPE_ARG1=int '-DSEND_TYPE_ARG2=const void *' \
	-DSEND_TYPE_ARG3=size_t -DSEND_TYPE_ARG4=int \
	-DGETNAMEINFO_TYPE_ARG2=socklen_t -DGETNAMEINFO_TYPE_ARG46=socklen_t \
	-w
HEADER_ROOT = include
HEADERS = ares.h ares_build.h ares_dns_record.h ares_nameser.h ares_version.h

$(ROOT)/sysconfig_none.c: prepared
prepared:
	cp $(HERE)../c-ares_sysconfig.c $(ROOT)/sysconfig_none.c
	touch $@
