#include "podwire.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static struct exchange broken(const char *what, int number) {
  struct exchange exchange = {.outcome = BROKEN};
  if (number == 0) snprintf(exchange.reason, sizeof exchange.reason, "%s", what);
  else snprintf(exchange.reason, sizeof exchange.reason, "%s %s", what, errno_name(number));
  return exchange;
}

/* Sets the exchange's outcome to LATE or UNREACHABLE, or returns a connected socket. */
static int connect_daemon(const struct call *call, struct exchange *exchange) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s/" SOCKET_NAME, call->run_dir);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int64_t left = left_ms(call);
  /* A full backlog makes connect wait; the send timeout of the socket bounds that. */
  struct timeval timeout = {.tv_sec = left > 0 ? left / 1000 : 0, .tv_usec = left > 0 ? left % 1000 * 1000 + 1 : 1};
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  int result;
  do result = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof address);
  while (fd >= 0 && result < 0 && errno == EINTR);
  if (result == 0) return fd;
  exchange->outcome = errno == EAGAIN ? LATE : UNREACHABLE;
  snprintf(exchange->reason, sizeof exchange->reason, "connect failed with %s", errno_name(errno));
  if (fd >= 0) close(fd);
  return -1;
}

/* 0, an errno, or ETIMEDOUT for the call's own deadline. */
static int send_all(const struct call *call, int fd, const struct bytes *data) {
  for (size_t sent = 0; sent < data->length;) {
    if (!await_ready(call, fd, POLLOUT)) return ETIMEDOUT;
    ssize_t part = send(fd, data->at + sent, data->length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (part < 0 && errno != EINTR && errno != EAGAIN) return errno;
    if (part > 0) sent += (size_t)part;
  }
  return 0;
}

static struct exchange receive_answer(const struct call *call, int fd) {
  struct exchange exchange = {.outcome = ANSWERED};
  struct bytes received = {0};
  for (;;) {
    if (!grow(&received, 65536)) return broken("no memory for the answer", 0);
    if (!await_ready(call, fd, POLLIN)) return (struct exchange){.outcome = LATE};
    ssize_t got = recv(fd, received.at + received.length, 65536, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return broken("the connection failed with", errno);
    received.length += (size_t)got;
    int parsed = parse_answer(&exchange, &received);
    if (parsed > 0) return exchange;
    if (parsed < 0) return broken("the answer is no HTTP/1.1 of podwired", 0);
    if (got == 0) return broken("the connection ended before the answer did", 0);
  }
}

struct exchange exchange_frame(const struct call *call, const struct bytes *frame) {
  struct exchange exchange = {.outcome = ANSWERED};
  int fd = connect_daemon(call, &exchange);
  if (fd < 0) return exchange;
  char text[256];
  int length = snprintf(text, sizeof text, "POST " CNI_PATH " HTTP/1.1\r\nHost: podwired\r\nConnection: close\r\n"
      "Content-Type: " FRAME_MEDIA_TYPE "\r\nContent-Length: %zu\r\n\r\n", frame->length);
  struct bytes head = {.at = text, .length = (size_t)length};
  int failure = send_all(call, fd, &head);
  if (failure == 0) failure = send_all(call, fd, frame);
  if (failure == ETIMEDOUT) exchange.outcome = LATE;
  else if (failure != 0) exchange = broken("the connection failed with", failure);
  else exchange = receive_answer(call, fd);
  close(fd);
  return exchange;
}
