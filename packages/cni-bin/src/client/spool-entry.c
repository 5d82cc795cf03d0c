#include "podwire.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

__attribute__((noreturn))
static void fail_spool(const struct call *call, const char *details) {
  fail(call, ERROR(DAEMON_UNREACHABLE), details, "podwired does not answer, and the DEL cannot be kept for it");
}

/* Entries that are there already, drafts of other clients not counted; -1 when the directory cannot be read. */
static int count_entries(int directory) {
  DIR *stream = fdopendir(dup(directory));
  if (stream == NULL) return -1;
  int count = 0;
  for (struct dirent *entry; (entry = readdir(stream)) != NULL;) count += entry->d_name[0] != '.';
  closedir(stream);
  return count;
}

/* Content before name, name before return. `name` starts with a dot, which the finished entry loses. */
static bool write_entry(int directory, const char *name, const struct bytes *frame) {
  int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  bool whole = write_all(fd, frame->at, frame->length) && fsync(fd) == 0;
  whole = close(fd) == 0 && whole && renameat(directory, name, directory, name + 1) == 0;
  int failure = errno;
  if (whole) return fsync(directory) == 0;
  unlinkat(directory, name, 0);
  errno = failure;
  return false;
}

/* Keeps a DEL for the daemon that will start some day. Nothing of the request is in the name of the entry. */
void spool_frame(const struct call *call, const struct bytes *frame, char *entry, size_t room) {
  char path[128], details[192], name[64];
  uint64_t random = 0;
  snprintf(details, sizeof details, "it has %zu bytes, more than %d", frame->length, MAX_SPOOL_ENTRY_BYTES);
  if (frame->length > MAX_SPOOL_ENTRY_BYTES) fail_spool(call, details);
  snprintf(path, sizeof path, "%s/" SPOOL_NAME, call->run_dir);
  mkdir(call->run_dir, 0700); /* failing where they are there, or cannot be made: then open fails */
  mkdir(path, 0700);
  int directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int count = directory < 0 ? -1 : count_entries(directory);
  snprintf(details, sizeof details, "the spool holds %d already", count);
  if (count >= MAX_SPOOL_ENTRIES) fail_spool(call, details);
  bool random_drawn = getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random;
  snprintf(name, sizeof name, ".%015lld-%d-%016llx",
      (long long)call->made_ms, (int)getpid(), (unsigned long long)random);
  if (count < 0 || !random_drawn || !write_entry(directory, name, frame)) {
    snprintf(details, sizeof details, "%s cannot be written (%s)", path, errno_name(errno));
    fail_spool(call, details);
  }
  close(directory);
  snprintf(entry, room, "%s/%s", path, name + 1);
}
