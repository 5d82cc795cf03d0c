/*
 * The parts of the CNI client in C. Every file has a twin of the same name in TypeScript; version-answer.c and frame.c
 * have theirs in core (cni/version-answer.ts, rpc/frame.ts). Both clients do the same, statement by statement, and pass
 * the same tests. protocol.h is written by protocol-header.ts, so that no number and no text is in two places.
 */
#ifndef PODWIRE_H
#define PODWIRE_H

#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol.h"

/* Bytes that grow; freed by the end of the process. */
struct bytes { char *at; size_t length, room; };

/* What one run of the client is about. */
struct call {
  const char *verb, *run_dir;
  int64_t made_ms, deadline_ms; /* CLOCK_MONOTONIC at the start; what the daemon is told, counted from there */
  char version[16];             /* cniVersion of the configuration, for error objects */
};

/* An error that goes to the runtime; its facts are those of core's table. */
struct error { const char *name; int number; const char *remedy; };
#define ERROR(name) ((struct error){#name, name##_NUMBER, name##_REMEDY})

/* What became of one attempt to ask the daemon. */
enum outcome {
  ANSWERED,
  UNREACHABLE, /* nobody listens: nothing has been asked */
  LATE,        /* somebody listens and the time is over */
  BROKEN,      /* the connection ended, or carried something else than an answer */
};

struct exchange { enum outcome outcome; char reason[96]; int status; struct bytes body; };

/* bytes.c */
bool grow(struct bytes *bytes, size_t by);
bool append(struct bytes *to, const char *at, size_t length);
bool write_all(int fd, const char *at, size_t length);

/* error-result.c: `fail` prints a CNI error object and ends the process; `details` may be empty. */
__attribute__((noreturn, format(printf, 4, 5)))
void fail(const struct call *call, struct error error, const char *details, const char *format, ...);
const char *quoted(const char *text);
const char *errno_name(int number);

/* call.c */
struct call parse_call(void);
int64_t left_ms(const struct call *call);
bool await_ready(const struct call *call, int fd, short events);

/* standard-input.c: NULL, or what went wrong; `bytes` then holds what came so far. */
const char *read_stdin(const struct call *call, struct bytes *bytes);
__attribute__((noreturn)) void fail_stdin(const struct call *call, const char *failure);

/* version-answer.c */
void scan_version(struct call *call, const struct bytes *text);
int print_version(const struct call *call);

/* frame.c, exchange.c, http-answer.c, spool-entry.c */
struct bytes make_frame(const struct call *call, const struct bytes *stdin_bytes);
struct exchange exchange_frame(const struct call *call, const struct bytes *frame);
int parse_answer(struct exchange *exchange, const struct bytes *received);
void spool_frame(const struct call *call, const struct bytes *frame, char *entry, size_t room);

#endif
