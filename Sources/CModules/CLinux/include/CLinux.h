// What Glibc's Swift module leaves out: epoll, eventfd, signalfd, accept4 and environ.
#ifndef PARLEY_CLINUX_H
#define PARLEY_CLINUX_H

#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

int parley_epoll_create(void);
// epoll_event is packed and holds a union: these keep both out of Swift.
int parley_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);
int parley_epoll_wait(int epoll, uint32_t *events, uint64_t *tokens, int capacity, int timeout_ms);
int parley_eventfd(void);
int parley_accept(int listener, struct sockaddr_storage *peer, socklen_t *length);
int parley_signalfd(const sigset_t *mask);
// Swift 6 refuses the global variable itself, which any thread could write.
char **parley_environment(void);

#endif
