#include "podwire.h"

#include <stdarg.h>

const char *errno_name(int number) {
  static char other[24];
  switch (number) {
    case ENOENT: return "ENOENT";
    case ECONNREFUSED: return "ECONNREFUSED";
    case EACCES: return "EACCES";
    case ENOTDIR: return "ENOTDIR";
    case EPIPE: return "EPIPE";
    case ECONNRESET: return "ECONNRESET";
    case ENOSPC: return "ENOSPC";
    default: snprintf(other, sizeof other, "errno %d", number); return other;
  }
}

/* Our messages are ASCII; only quotes can stand in the way of JSON. */
static void escape(char *to, size_t room, const char *from) {
  size_t used = 0;
  for (; *from != 0 && used + 3 < room; from++) {
    if (*from == '"' || *from == '\\') to[used++] = '\\';
    to[used++] = *from;
  }
  to[used] = 0;
}

/* A value of anybody's making in quotes, fit for a message: what is not plain ASCII is a question mark. */
const char *quoted(const char *text) {
  static char to[72];
  size_t length = strlen(text), shown = length > 64 ? 61 : length;
  to[0] = '"';
  for (size_t i = 0; i < shown; i++) {
    bool plain = text[i] >= ' ' && text[i] <= '~' && text[i] != '"' && text[i] != '\\';
    to[i + 1] = plain ? text[i] : '?';
  }
  snprintf(to + 1 + shown, sizeof to - 1 - shown, length > 64 ? "...\"" : "\"");
  return to;
}

void fail(const struct call *call, struct error error, const char *details, const char *format, ...) {
  char message[512], escaped_message[600], escaped_details[600], output[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  escape(escaped_message, sizeof escaped_message, message);
  escape(escaped_details, sizeof escaped_details, details);
  int length = snprintf(output, sizeof output,
      "{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":\"%s\",\"details\":\"%s%s%s; remedy: %s\"}",
      call->version, error.number, escaped_message, error.name, *details ? "; " : "", escaped_details, error.remedy);
  write_all(STDOUT_FILENO, output, (size_t)length);
  exit(1);
}
