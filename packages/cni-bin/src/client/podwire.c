/*
 * podwire, the CNI plugin that a container runtime executes for every pod. It decides nothing: it forwards environment
 * and standard input to podwired and prints the answer. In C because a JavaScript runtime needs 20 ms of CPU to start.
 */
#include "podwire.h"

#include <fcntl.h>
#include <signal.h>

/* STATUS has a code of its own for "an ADD could not be served". */
static void fail_unavailable(const struct call *call, struct error error, const char *reason, const char *message) {
  char details[512];
  if (strcmp(call->verb, "STATUS") != 0) fail(call, error, reason, "%s", message);
  snprintf(details, sizeof details, "%s%s%s: %s", error.name, *reason ? ": " : "", reason, error.remedy);
  fail(call, ERROR(NOT_READY), details, "%s", message);
}

static int print_outcome(const struct call *call, const struct exchange *exchange) {
  char text[160];
  if (exchange->outcome == UNREACHABLE) {
    snprintf(text, sizeof text, "podwired does not answer on %s/" SOCKET_NAME, call->run_dir);
    fail_unavailable(call, ERROR(DAEMON_UNREACHABLE), exchange->reason, text);
  }
  if (exchange->outcome == LATE) {
    snprintf(text, sizeof text, "podwired did not answer within %lld ms", (long long)call->deadline_ms);
    fail_unavailable(call, ERROR(DEADLINE_EXCEEDED), "", text);
  }
  if (exchange->outcome == BROKEN) fail(call, ERROR(IO_FAILURE), exchange->reason, "podwired's answer is broken");
  snprintf(text, sizeof text, "HTTP status %d", exchange->status);
  if (exchange->status != OK_STATUS && exchange->status != CNI_ERROR_STATUS)
    fail(call, ERROR(IO_FAILURE), text, "podwired's answer is broken");
  bool printed = write_all(STDOUT_FILENO, exchange->body.at, exchange->body.length);
  return printed && exchange->status == OK_STATUS ? 0 : 1;
}

static int forward(const struct call *call, const struct bytes *stdin_bytes) {
  struct bytes frame = make_frame(call, stdin_bytes);
  struct exchange exchange = exchange_frame(call, &frame);
  if (strcmp(call->verb, "DEL") != 0 || exchange.outcome != UNREACHABLE) return print_outcome(call, &exchange);
  char entry[192];
  spool_frame(call, &frame, entry, sizeof entry);
  /* A daemon may have started, and read the spool, between the first attempt and the entry. */
  exchange = exchange_frame(call, &frame);
  if (exchange.outcome == ANSWERED && exchange.status == OK_STATUS) unlink(entry);
  return 0;
}

/* A runtime that closed 0, 1 or 2 must not make a socket of ours its standard output. */
static void open_standard_descriptors(void) {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

int main(void) {
  struct bytes stdin_bytes = {0};
  signal(SIGPIPE, SIG_IGN);
  open_standard_descriptors();
  struct call call = parse_call();
  const char *failure = read_stdin(&call, &stdin_bytes);
  scan_version(&call, &stdin_bytes);
  if (strcmp(call.verb, "VERSION") == 0) return print_version(&call);
  if (failure != NULL) fail_stdin(&call, failure);
  return forward(&call, &stdin_bytes);
}
