/* Preloaded into a program: fsync appends the path of what it makes durable to the file named by SYNCED_FILE, a line each. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void tell(int fd) {
  const char *told = getenv("SYNCED_FILE");
  char link[64];
  char path[4096];
  int out = told == NULL ? -1 : open(told, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (out < 0) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length > 0) {
    path[length] = '\n';
    if (write(out, path, (size_t)length + 1) < 0) abort();
  }
  close(out);
}

int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  int result = real(fd);
  if (result == 0) tell(fd);
  return result;
}
