#include "podwire.h"

static bool is_space(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t skip_space(const struct bytes *text, size_t at, size_t end) {
  while (at < end && is_space(text->at[at])) at++;
  return at;
}

/* Index of the quote that ends the string begun at `start`; `end` when there is none. */
static size_t closing_quote(const struct bytes *text, size_t start, size_t end) {
  for (size_t at = start + 1; at < end; at++) {
    if (text->at[at] == '\\') at++;
    else if (text->at[at] == '"') return at;
  }
  return end;
}

/* Three groups of one to four digits. */
static bool is_version(const char *at, size_t length) {
  size_t dots = 0, digits = 0;
  for (size_t i = 0; i < length; i++) {
    if (at[i] == '.' && digits > 0) { dots++; digits = 0; }
    else if (at[i] >= '0' && at[i] <= '9' && digits < 4) digits++;
    else return false;
  }
  return dots == 2 && digits > 0;
}

/* Leaves call->version alone unless the configuration names a plausible one. */
void scan_version(struct call *call, const struct bytes *text) {
  size_t end = text->length < MAX_STDIN_BYTES ? text->length : MAX_STDIN_BYTES;
  long depth = 0;
  for (size_t at = 0; at < end; at++) {
    char byte = text->at[at];
    if (byte == '{' || byte == '[') depth++;
    if (byte == '}' || byte == ']') depth--;
    if (byte != '"') continue;
    size_t close = closing_quote(text, at, end);
    if (close == end) return;
    if (depth == 1 && close - at - 1 == 10 && memcmp(text->at + at + 1, "cniVersion", 10) == 0) {
      size_t colon = skip_space(text, close + 1, end);
      if (colon < end && text->at[colon] == ':') {
        size_t quote = skip_space(text, colon + 1, end);
        if (quote == end || text->at[quote] != '"') return;
        close = closing_quote(text, quote, end);
        size_t length = close - quote - 1;
        if (close == end || !is_version(text->at + quote + 1, length)) return;
        memcpy(call->version, text->at + quote + 1, length); /* at most 14: three groups of four and two dots */
        call->version[length] = 0;
        return;
      }
    }
    at = close;
  }
}

int print_version(const struct call *call) {
  char output[512];
  int length = snprintf(output, sizeof output,
      "{\"cniVersion\":\"%s\",\"supportedVersions\":" SUPPORTED_VERSIONS "}", call->version);
  return write_all(STDOUT_FILENO, output, (size_t)length) ? 0 : 1;
}
