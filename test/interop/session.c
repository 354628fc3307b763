/*
 * A session of the C client that lives through a failover, driven over stdin and watched over stdout.
 *
 *   session HOSTS
 *   commands: create PATH DATA | ephemeral PATH | set PATH DATA | get PATH | watch PATH | children PATH | quit
 *   output:   "event TYPE STATE PATH" for each watch event, "ok ..." or "error CODE" for each command
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zookeeper/zookeeper.h>

static void watcher(zhandle_t *zh, int type, int state, const char *path, void *ctx) {
  (void)zh; (void)ctx;
  printf("event %d %d %s\n", type, state, path ? path : "");
  fflush(stdout);
}

static void answer(int rc, const char *text) {
  if (rc == ZOK) printf("ok %s\n", text); else printf("error %d\n", rc);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  zhandle_t *zh = zookeeper_init(argv[1], watcher, 10000, NULL, NULL, 0);
  if (!zh) return 1;
  char line[4096], data[4096], name[1024];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *verb = strtok(line, " "), *path = strtok(NULL, " "), *text = strtok(NULL, "");
    if (!verb) continue;
    if (!strcmp(verb, "quit")) break;
    if (!path) { answer(ZBADARGUMENTS, ""); continue; }
    if (!strcmp(verb, "create")) {
      int rc = zoo_create(zh, path, text ? text : "", text ? (int)strlen(text) : 0, &ZOO_OPEN_ACL_UNSAFE, 0, name, sizeof name);
      answer(rc, name);
    } else if (!strcmp(verb, "ephemeral")) {
      answer(zoo_create(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, name, sizeof name), name);
    } else if (!strcmp(verb, "set")) {
      answer(zoo_set(zh, path, text ? text : "", text ? (int)strlen(text) : 0, -1), "");
    } else if (!strcmp(verb, "get") || !strcmp(verb, "watch")) {
      int length = sizeof data - 1; struct Stat stat;
      int rc = zoo_get(zh, path, !strcmp(verb, "watch"), data, &length, &stat);
      if (rc == ZOK) data[length < 0 ? 0 : length] = 0;
      answer(rc, data);
    } else if (!strcmp(verb, "children")) {
      struct String_vector names = {0};
      int rc = zoo_get_children(zh, path, 0, &names);
      snprintf(data, sizeof data, "%d", names.count);
      answer(rc, data);
      if (rc == ZOK) deallocate_String_vector(&names);
    } else answer(ZUNIMPLEMENTED, "");
  }
  zookeeper_close(zh);
  printf("closed\n");
  return 0;
}
