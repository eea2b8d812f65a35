// What Glibc's Swift module leaves out: epoll, eventfd, accept4 and the flags that Swift cannot import as integers.
#ifndef PARLEY_CLINUX_H
#define PARLEY_CLINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

// epoll_event is packed and holds a union: these keep both out of Swift.
int parley_epoll_create(void);
int parley_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);
int parley_epoll_wait(int epoll, uint32_t *events, uint64_t *tokens, int capacity, int timeout_ms);
int parley_eventfd(void);
int parley_accept(int listener, struct sockaddr_storage *peer, socklen_t *length);
int parley_signalfd(const sigset_t *mask);

#endif
