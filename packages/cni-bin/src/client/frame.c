#include "podwire.h"

extern char **environ;

struct bytes make_frame(const struct call *call, const struct bytes *stdin_bytes) {
  const size_t max_environment = MAX_FRAME_BYTES - MAX_STDIN_BYTES - 64;
  struct bytes frame = {0};
  char head[64];
  int length = snprintf(head, sizeof head, FRAME_MAGIC " %lld %lld\n",
      (long long)call->deadline_ms, (long long)call->made_ms);
  bool enough = append(&frame, head, (size_t)length);
  size_t start = frame.length;
  for (char **variable = environ; enough && variable != NULL && *variable != NULL; variable++) {
    if (strncmp(*variable, "CNI_", 4) != 0 || strchr(*variable, '=') == NULL) continue;
    enough = append(&frame, *variable, strlen(*variable) + 1);
  }
  if (frame.length - start > max_environment)
    fail(call, ERROR(INVALID_ENVIRONMENT), "", "the CNI_ variables are larger than %zu bytes", max_environment);
  if (!enough || !append(&frame, "", 1) || !append(&frame, stdin_bytes->at, stdin_bytes->length))
    fail(call, ERROR(IO_FAILURE), "", "no memory for the request");
  return frame;
}
