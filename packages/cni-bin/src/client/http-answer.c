#include "podwire.h"

/* -1 unless the head begins with a status line of HTTP/1.1. */
static int status_of(const char *head) {
  static const char start[] = "HTTP/1.1 ";
  const char *digits = head + strlen(start);
  if (strncmp(head, start, strlen(start)) != 0 || strspn(digits, "0123456789") != 3) return -1;
  return digits[3] == ' ' || digits[3] == '\r' || digits[3] == 0 ? atoi(digits) : -1;
}

/* -1 unless the head says so in plain digits. */
static long content_length(const char *head) {
  const char *field = strcasestr(head, "\r\ncontent-length:");
  if (field == NULL) return -1;
  const char *digits = field + strlen("\r\ncontent-length:");
  digits += strspn(digits, " ");
  size_t count = strspn(digits, "0123456789");
  bool plain = count > 0 && count <= 7 && (digits[count] == '\r' || digits[count] == 0);
  return plain ? atol(digits) : -1;
}

/* 1 when the answer is complete (then status and body are set), 0 when more must come, -1 when it is none of ours. */
int parse_answer(struct exchange *exchange, const struct bytes *received) {
  size_t searched = received->length < MAX_HEAD_BYTES ? received->length : MAX_HEAD_BYTES;
  char *blank = received->length == 0 ? NULL : memmem(received->at, searched, "\r\n\r\n", 4);
  if (blank == NULL) return received->length >= MAX_HEAD_BYTES ? -1 : 0;
  *blank = 0; /* the head becomes a text; its last line loses its end, and is put back below */
  int status = status_of(received->at);
  long length = content_length(received->at);
  *blank = '\r';
  if (status < 0 || length < 0 || length > MAX_BODY_BYTES) return -1;
  size_t start = (size_t)(blank - received->at) + 4;
  if (received->length - start < (size_t)length) return 0;
  exchange->status = status;
  exchange->body = (struct bytes){.at = received->at + start, .length = (size_t)length};
  return 1;
}
