#include "podwire.h"

#include <poll.h>

bool grow(struct bytes *bytes, size_t by) {
  if (bytes->room - bytes->length >= by) return true;
  size_t room = bytes->room == 0 ? 65536 : bytes->room * 2;
  while (room - bytes->length < by) room *= 2;
  char *at = realloc(bytes->at, room);
  if (at == NULL) return false;
  bytes->at = at;
  bytes->room = room;
  return true;
}

bool append(struct bytes *to, const char *at, size_t length) {
  if (!grow(to, length)) return false;
  memcpy(to->at + to->length, at, length);
  to->length += length;
  return true;
}

bool write_all(int fd, const char *at, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, at, length);
    if (written < 0 && errno == EAGAIN) { /* a standard output that somebody made non-blocking */
      struct pollfd waited = {.fd = fd, .events = POLLOUT};
      if (poll(&waited, 1, 1000) > 0) continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    length -= (size_t)written;
  }
  return true;
}
