#include "podwire.h"

#include <poll.h>
#include <time.h>

static int64_t monotonic_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void parse_settings(struct call *call) {
  const char *run_dir = getenv("PODWIRE_RUN_DIR"), *deadline = getenv("PODWIRE_DEADLINE_MS");
  if (run_dir != NULL && *run_dir != 0) call->run_dir = run_dir;
  if (call->run_dir[0] != '/' || strlen(call->run_dir) > MAX_RUN_DIR_BYTES)
    fail(call, ERROR(INVALID_ENVIRONMENT), "", "PODWIRE_RUN_DIR %s is not an absolute path of at most %d bytes",
        quoted(call->run_dir), MAX_RUN_DIR_BYTES);
  if (deadline == NULL || *deadline == 0) return;
  size_t digits = strspn(deadline, "0123456789");
  call->deadline_ms = deadline[digits] == 0 && digits <= 6 ? atol(deadline) : 0;
  if (call->deadline_ms < MIN_DEADLINE_MS || call->deadline_ms > MAX_DEADLINE_MS)
    fail(call, ERROR(INVALID_ENVIRONMENT), "",
        "PODWIRE_DEADLINE_MS %s is not a number of milliseconds from %d to %d",
        quoted(deadline), MIN_DEADLINE_MS, MAX_DEADLINE_MS);
}

static bool is_verb(const char *text) {
  static const char *const verbs[] = {CNI_VERBS};
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(text, verbs[i]) == 0) return true;
  return false;
}

struct call parse_call(void) {
  struct call call = {.run_dir = DEFAULT_RUN_DIR, .made_ms = monotonic_ms(), .deadline_ms = DEFAULT_DEADLINE_MS,
                      .version = NEWEST_VERSION};
  call.verb = getenv("CNI_COMMAND");
  if (call.verb == NULL || *call.verb == 0)
    fail(&call, ERROR(INVALID_ENVIRONMENT), "", "CNI_COMMAND is missing; known are " CNI_VERB_LIST);
  if (!is_verb(call.verb))
    fail(&call, ERROR(INVALID_ENVIRONMENT), "", "CNI_COMMAND %s is not a verb; known are " CNI_VERB_LIST,
        quoted(call.verb));
  parse_settings(&call);
  return call;
}

int64_t left_ms(const struct call *call) {
  return call->made_ms + call->deadline_ms + DEADLINE_MARGIN_MS - monotonic_ms();
}

/* Waits until the descriptor is ready; false when the time is over. */
bool await_ready(const struct call *call, int fd, short events) {
  for (;;) {
    int64_t left = left_ms(call);
    if (left <= 0) return false;
    struct pollfd waited = {.fd = fd, .events = events};
    int ready = poll(&waited, 1, (int)left);
    if (ready > 0 || (ready < 0 && errno != EINTR && errno != EAGAIN)) return true;
  }
}
