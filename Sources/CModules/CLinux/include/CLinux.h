// What Glibc's Swift module leaves out: epoll, eventfd, signalfd, accept4 and environ; and what has to run in a signal
// handler, where Swift can't.
#ifndef PARLEY_CLINUX_H
#define PARLEY_CLINUX_H

#include <malloc.h>
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

// Logs a line when the process is about to end by SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT or SIGSYS: `head`,
// the time, `rest`, then fields. Both texts are copied. Call it once, before other threads begin.
void parley_crash_observe(const char *head, const char *rest, int json);
// Says that the calling thread runs the event loop with this number from now on.
void parley_crash_enter_loop(int index);

#endif
