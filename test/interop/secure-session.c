/*
 * The C client with TLS or SASL. Prints a line: the id that an ACL of its own making names, or what was refused.
 *
 *   secure-session plain HOSTS PATH
 *   secure-session tls HOSTS PATH CA,CERTIFICATE,KEY,PASSWORD
 *   secure-session sasl HOSTS PATH USER PASSWORD_FILE
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zookeeper.h>

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int known_state = 0;

static void watcher(zhandle_t *zh, int type, int state, const char *path, void *ctx) {
  (void)zh; (void)path; (void)ctx;
  if (type != ZOO_SESSION_EVENT) return;
  pthread_mutex_lock(&guard);
  if (state == ZOO_CONNECTED_STATE || state == ZOO_AUTH_FAILED_STATE) known_state = state;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&guard);
}

static int wait_for_state(int seconds) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += seconds;
  pthread_mutex_lock(&guard);
  while (known_state == 0 && pthread_cond_timedwait(&changed, &guard, &end) == 0) {}
  int state = known_state;
  pthread_mutex_unlock(&guard);
  return state;
}

/* Makes the node for nobody else, or reads it when it is there; tells whose it is. */
static void use(zhandle_t *zh, const char *path) {
  char data[64];
  int length = sizeof data;
  struct ACL_vector acl = {0};
  int rc = zoo_create(zh, path, "x", 1, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0);
  if (rc == ZOK || rc == ZNODEEXISTS) rc = zoo_get(zh, path, 0, data, &length, NULL);
  if (rc == ZOK) rc = zoo_get_acl(zh, path, &acl, NULL);
  if (rc != ZOK) printf("error %s\n", zerror(rc));
  else printf("ok %d %s %s\n", acl.count, acl.data[0].id.scheme, acl.data[0].id.id);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const char *mode = argv[1], *hosts = argv[2], *path = argv[3];
  zhandle_t *zh = NULL;
  /* OpenSSL writes to connections that the server has closed. */
  signal(SIGPIPE, SIG_IGN);
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  if (!strcmp(mode, "plain")) {
    zh = zookeeper_init(hosts, watcher, 10000, NULL, NULL, 0);
  } else if (!strcmp(mode, "tls") && argc == 5) {
    zh = zookeeper_init_ssl(hosts, argv[4], watcher, 10000, NULL, NULL, 0);
  } else if (!strcmp(mode, "sasl") && argc == 6) {
    if (sasl_client_init(NULL) != SASL_OK) return 3;
    zoo_sasl_params_t params = {"zookeeper", "zk-sasl-md5", "DIGEST-MD5",
                                zoo_sasl_make_basic_callbacks(argv[4], NULL, argv[5])};
    zh = zookeeper_init_sasl(hosts, watcher, 10000, NULL, NULL, 0, NULL, &params);
  }
  if (!zh) return 2;
  int state = wait_for_state(15);
  if (state == ZOO_CONNECTED_STATE) use(zh, path);
  else printf("error %s\n", state == 0 ? "not connected" : "authentication failed");
  fflush(stdout);
  zookeeper_close(zh);
  return 0;
}
