#include "podwire.h"

#include <poll.h>

/* Reads standard input to its end. On failure says which, with what came so far in `stdin_bytes`. */
const char *read_stdin(const struct call *call, struct bytes *stdin_bytes) {
  for (;;) {
    if (!grow(stdin_bytes, 65536)) return "ENOMEM";
    if (!await_ready(call, STDIN_FILENO, POLLIN)) return "late";
    ssize_t got = read(STDIN_FILENO, stdin_bytes->at + stdin_bytes->length, 65536);
    if (got == 0) return NULL;
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return errno_name(errno);
    stdin_bytes->length += (size_t)got;
    if (stdin_bytes->length > MAX_STDIN_BYTES) return "large";
  }
}

void fail_stdin(const struct call *call, const char *failure) {
  char details[64];
  if (strcmp(failure, "large") == 0)
    fail(call, ERROR(DECODING_FAILURE), "", "standard input is larger than %d bytes", MAX_STDIN_BYTES);
  if (strcmp(failure, "late") == 0)
    fail(call, ERROR(IO_FAILURE), "", "standard input did not end within %lld ms", (long long)call->deadline_ms);
  snprintf(details, sizeof details, "read failed with %s", failure);
  fail(call, ERROR(IO_FAILURE), details, "standard input cannot be read");
}
