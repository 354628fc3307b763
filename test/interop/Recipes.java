import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicInteger;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.NodeCache;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.curator.framework.recipes.nodes.PersistentTtlNode;
import org.apache.curator.framework.recipes.queue.DistributedDelayQueue;
import org.apache.curator.framework.recipes.queue.DistributedIdQueue;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.queue.SimpleDistributedQueue;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.recipes.shared.SharedValue;
import org.apache.curator.framework.recipes.shared.VersionedValue;
import org.apache.curator.framework.recipes.watch.PersistentWatcher;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.ExponentialBackoffRetry;
import org.apache.zookeeper.CreateMode;

/** Curator's recipes, several clients each: prints "ok NAME" for those that did what they promise. */
public final class Recipes {
  private static final int CLIENTS = 4;
  private static final long LIMIT_S = 60;
  private static final List<CuratorFramework> clients = new ArrayList<>();
  private static final ExecutorService threads = Executors.newCachedThreadPool();

  private interface Work {
    void of(int index) throws Exception;
  }

  private interface Recipe {
    void run() throws Exception;
  }

  private static void together(Work work) throws Exception {
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int index = i;
      Callable<Void> call =
          () -> {
            work.of(index);
            return null;
          };
      all.add(threads.submit(call));
    }
    for (Future<?> one : all) one.get(LIMIT_S, TimeUnit.SECONDS);
  }

  private static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }

  private static void eventually(String what, Callable<Boolean> probe) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
    while (!probe.call()) {
      check(System.nanoTime() < end, what);
      Thread.sleep(10);
    }
  }

  /** Each client's server has what was done before: a recipe begun there must not miss it. */
  private static void syncAll() throws Exception {
    for (CuratorFramework client : clients) client.sync().forPath("/r");
    for (CuratorFramework client : clients) client.checkExists().forPath("/r");
  }

  private static void exclusion(Work locks, int most, int visits, AtomicInteger[] room) throws Exception {
    together(locks);
    check(room[1].get() <= most, "inside at once: " + room[1]);
    check(room[2].get() == visits, "visits: " + room[2]);
  }

  private static AtomicInteger[] room() {
    return new AtomicInteger[] {new AtomicInteger(), new AtomicInteger(), new AtomicInteger()};
  }

  private static void visit(AtomicInteger[] room) throws Exception {
    int inside = room[0].incrementAndGet();
    room[1].accumulateAndGet(inside, Math::max);
    room[2].incrementAndGet();
    Thread.sleep(5);
    room[0].decrementAndGet();
  }

  private static void locked(InterProcessLock lock, AtomicInteger[] room) throws Exception {
    check(lock.acquire(LIMIT_S, TimeUnit.SECONDS), "the lock comes");
    try {
      visit(room);
    } finally {
      lock.release();
    }
  }

  private static void mutex() throws Exception {
    AtomicInteger[] room = room();
    exclusion(
        index -> {
          InterProcessMutex lock = new InterProcessMutex(clients.get(index), "/r/mutex");
          for (int i = 0; i < 5; i++) locked(lock, room);
        },
        1, 20, room);
  }

  private static void semaphoreMutex() throws Exception {
    AtomicInteger[] room = room();
    exclusion(index -> locked(new InterProcessSemaphoreMutex(clients.get(index), "/r/smutex"), room), 1, 4, room);
  }

  private static void multiLock() throws Exception {
    AtomicInteger[] room = room();
    exclusion(
        index -> locked(new InterProcessMultiLock(clients.get(index), List.of("/r/multi/a", "/r/multi/b")), room),
        1, 4, room);
  }

  private static void readWriteLock() throws Exception {
    AtomicInteger[] readers = room();
    AtomicInteger[] writers = room();
    together(
        index -> {
          InterProcessReadWriteLock lock = new InterProcessReadWriteLock(clients.get(index), "/r/rw");
          for (int i = 0; i < 3; i++) {
            if (index == 0) {
              check(lock.writeLock().acquire(LIMIT_S, TimeUnit.SECONDS), "the write lock comes");
              check(readers[0].get() == 0, "nobody reads");
              visit(writers);
              lock.writeLock().release();
            } else {
              check(lock.readLock().acquire(LIMIT_S, TimeUnit.SECONDS), "the read lock comes");
              check(writers[0].get() == 0, "nobody writes");
              visit(readers);
              lock.readLock().release();
            }
          }
        });
    check(readers[2].get() == 9 && writers[2].get() == 3, "all came");
  }

  private static void semaphore() throws Exception {
    AtomicInteger[] room = room();
    exclusion(
        index -> {
          InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(clients.get(index), "/r/semaphore", 2);
          for (int i = 0; i < 3; i++) {
            Lease lease = semaphore.acquire(LIMIT_S, TimeUnit.SECONDS);
            check(lease != null, "a lease comes");
            visit(room);
            semaphore.returnLease(lease);
          }
        },
        2, 12, room);
  }

  private static void leaderLatch() throws Exception {
    List<LeaderLatch> latches = new ArrayList<>();
    for (CuratorFramework client : clients) latches.add(new LeaderLatch(client, "/r/latch", "id" + latches.size()));
    for (LeaderLatch latch : latches) latch.start();
    for (int left = CLIENTS; left > 0; left--) {
      eventually("one leads", () -> latches.stream().filter(LeaderLatch::hasLeadership).count() == 1);
      LeaderLatch leader = latches.stream().filter(LeaderLatch::hasLeadership).findFirst().get();
      leader.close();
      latches.remove(leader);
    }
  }

  private static void leaderSelector() throws Exception {
    AtomicInteger[] room = room();
    List<LeaderSelector> selectors = new ArrayList<>();
    for (CuratorFramework client : clients) {
      LeaderSelectorListenerAdapter lead =
          new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework own) throws Exception {
              visit(room);
            }
          };
      LeaderSelector selector = new LeaderSelector(client, "/r/selector", lead);
      selectors.add(selector);
      selector.start();
    }
    eventually("all led", () -> room[2].get() == CLIENTS);
    check(room[1].get() == 1, "one at a time");
    for (LeaderSelector selector : selectors) selector.close();
  }

  private static void barrier() throws Exception {
    DistributedBarrier gate = new DistributedBarrier(clients.get(0), "/r/barrier");
    gate.setBarrier();
    syncAll();
    AtomicInteger passed = new AtomicInteger();
    together(
        index -> {
          if (index == 0) {
            Thread.sleep(50);
            check(passed.get() == 0, "nobody passes before");
            gate.removeBarrier();
          } else {
            DistributedBarrier own = new DistributedBarrier(clients.get(index), "/r/barrier");
            check(own.waitOnBarrier(LIMIT_S, TimeUnit.SECONDS), "the barrier opens");
            passed.incrementAndGet();
          }
        });
    check(passed.get() == CLIENTS - 1, "all passed");
  }

  private static void doubleBarrier() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    together(
        index -> {
          DistributedDoubleBarrier both = new DistributedDoubleBarrier(clients.get(index), "/r/double", CLIENTS);
          check(both.enter(LIMIT_S, TimeUnit.SECONDS), "all enter");
          inside.incrementAndGet();
          check(both.leave(LIMIT_S, TimeUnit.SECONDS), "all leave");
          check(inside.get() == CLIENTS, "all were inside");
        });
  }

  private static void queue() throws Exception {
    SimpleDistributedQueue writer = new SimpleDistributedQueue(clients.get(0), "/r/queue");
    for (int i = 0; i < 20; i++) writer.offer(("" + i).getBytes(StandardCharsets.UTF_8));
    List<Integer> got = Collections.synchronizedList(new ArrayList<>());
    together(
        index -> {
          SimpleDistributedQueue own = new SimpleDistributedQueue(clients.get(index), "/r/queue");
          for (byte[] item = own.poll(); item != null; item = own.poll()) {
            got.add(Integer.parseInt(new String(item, StandardCharsets.UTF_8)));
          }
        });
    Collections.sort(got);
    check(got.size() == 20 && got.get(0) == 0 && got.get(19) == 19, "each once: " + got);
  }

  private static void atomicLong() throws Exception {
    together(
        index -> {
          DistributedAtomicLong own =
              new DistributedAtomicLong(clients.get(index), "/r/long", new ExponentialBackoffRetry(5, 100));
          for (int done = 0; done < 10; ) if (own.increment().succeeded()) done++;
        });
    syncAll();
    long value = new DistributedAtomicLong(clients.get(0), "/r/long", new ExponentialBackoffRetry(5, 3)).get().postValue();
    check(value == 10L * CLIENTS, "the sum: " + value);
  }

  private static void sharedCount() throws Exception {
    List<SharedCount> counts = new ArrayList<>();
    for (CuratorFramework client : clients) {
      SharedCount count = new SharedCount(client, "/r/count", 7);
      count.start();
      counts.add(count);
    }
    counts.get(0).setCount(42);
    for (SharedCount count : counts) eventually("all see it", () -> count.getCount() == 42);
    for (SharedCount count : counts) count.close();
  }

  private static void groupMember() throws Exception {
    List<GroupMember> members = new ArrayList<>();
    for (CuratorFramework client : clients) {
      GroupMember member = new GroupMember(client, "/r/group", "member" + members.size());
      member.start();
      members.add(member);
    }
    eventually("all are there", () -> members.get(0).getCurrentMembers().size() == CLIENTS);
    members.get(1).close();
    eventually("one left", () -> members.get(0).getCurrentMembers().size() == CLIENTS - 1);
  }

  private static void persistentNode() throws Exception {
    PersistentNode node = new PersistentNode(clients.get(0), CreateMode.EPHEMERAL, false, "/r/persistent", new byte[] {1});
    node.start();
    check(node.waitForInitialCreate(LIMIT_S, TimeUnit.SECONDS), "it is made");
    clients.get(1).delete().forPath("/r/persistent");
    eventually("it is made again", () -> clients.get(1).checkExists().forPath("/r/persistent") != null);
    node.close();
  }

  private static void persistentTtlNode() throws Exception {
    PersistentTtlNode node = new PersistentTtlNode(clients.get(0), "/r/ttl", 60_000, new byte[] {1});
    node.start();
    check(node.waitForInitialCreate(LIMIT_S, TimeUnit.SECONDS), "it is made");
    node.close();
  }

  private static void cache() throws Exception {
    CuratorCache cache = CuratorCache.build(clients.get(0), "/r/cached");
    Collection<String> seen = Collections.synchronizedList(new ArrayList<>());
    cache.listenable().addListener((type, before, now) -> seen.add(type + " " + (now == null ? before : now).getPath()));
    cache.start();
    clients.get(1).create().creatingParentsIfNeeded().forPath("/r/cached/a/b", new byte[] {1});
    eventually("it grows", () -> seen.contains("NODE_CREATED /r/cached/a/b"));
    clients.get(1).setData().forPath("/r/cached/a/b", new byte[] {2});
    eventually("it changes", () -> seen.contains("NODE_CHANGED /r/cached/a/b"));
    clients.get(1).delete().deletingChildrenIfNeeded().forPath("/r/cached/a");
    eventually("it goes", () -> seen.contains("NODE_DELETED /r/cached/a"));
    cache.close();
  }

  private static void persistentWatcher() throws Exception {
    PersistentWatcher watcher = new PersistentWatcher(clients.get(0), "/r/watched", true);
    Collection<String> seen = Collections.synchronizedList(new ArrayList<>());
    watcher.getListenable().addListener(event -> seen.add(event.getType() + " " + event.getPath()));
    watcher.start();
    Thread.sleep(100);
    for (int i = 0; i < 3; i++) {
      String path = "/r/watched/" + i;
      clients.get(1).create().creatingParentsIfNeeded().forPath(path);
      eventually("each is seen", () -> seen.contains("NodeCreated " + path));
    }
    watcher.close();
  }

  private static void pathChildrenCache() throws Exception {
    clients.get(1).create().forPath("/r/children");
    syncAll();
    PathChildrenCache cache = new PathChildrenCache(clients.get(0), "/r/children", true);
    Collection<String> seen = Collections.synchronizedList(new ArrayList<>());
    cache.getListenable()
        .addListener(
            (client, event) -> {
              if (event.getData() != null) seen.add(event.getType() + " " + event.getData().getPath());
            });
    cache.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
    clients.get(1).create().forPath("/r/children/a", new byte[] {1});
    eventually("one comes", () -> seen.contains("CHILD_ADDED /r/children/a"));
    clients.get(1).setData().forPath("/r/children/a", new byte[] {2});
    eventually("it changes", () -> seen.contains("CHILD_UPDATED /r/children/a"));
    check(cache.getCurrentData("/r/children/a").getData()[0] == 2, "its data is kept");
    clients.get(1).delete().forPath("/r/children/a");
    eventually("it goes", () -> seen.contains("CHILD_REMOVED /r/children/a"));
    cache.close();
  }

  private static void treeCache() throws Exception {
    TreeCache cache = new TreeCache(clients.get(0), "/r/grown");
    Collection<String> seen = Collections.synchronizedList(new ArrayList<>());
    cache.getListenable()
        .addListener(
            (client, event) ->
                seen.add(event.getType() + (event.getData() == null ? "" : " " + event.getData().getPath())));
    cache.start();
    eventually("it begins", () -> seen.contains("INITIALIZED"));
    clients.get(1).create().creatingParentsIfNeeded().forPath("/r/grown/a/b", new byte[] {1});
    eventually("it grows", () -> seen.contains("NODE_ADDED /r/grown/a/b"));
    clients.get(1).setData().forPath("/r/grown/a/b", new byte[] {2});
    eventually("it changes", () -> seen.contains("NODE_UPDATED /r/grown/a/b"));
    clients.get(1).delete().deletingChildrenIfNeeded().forPath("/r/grown/a");
    eventually("it goes", () -> seen.contains("NODE_REMOVED /r/grown/a"));
    cache.close();
  }

  private static void nodeCache() throws Exception {
    NodeCache cache = new NodeCache(clients.get(0), "/r/node");
    cache.start(true);
    check(cache.getCurrentData() == null, "there is none");
    clients.get(1).create().forPath("/r/node", new byte[] {1});
    eventually("it comes", () -> cache.getCurrentData() != null && cache.getCurrentData().getData()[0] == 1);
    clients.get(1).setData().forPath("/r/node", new byte[] {2});
    eventually("it changes", () -> cache.getCurrentData().getData()[0] == 2);
    clients.get(1).delete().forPath("/r/node");
    eventually("it goes", () -> cache.getCurrentData() == null);
    cache.close();
  }

  private static final QueueSerializer<String> TEXT =
      new QueueSerializer<>() {
        @Override
        public byte[] serialize(String item) {
          return item.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String deserialize(byte[] bytes) {
          return new String(bytes, StandardCharsets.UTF_8);
        }
      };

  private static QueueConsumer<String> into(Collection<String> got) {
    return new QueueConsumer<>() {
      @Override
      public void consumeMessage(String item) {
        got.add(item);
      }

      @Override
      public void stateChanged(CuratorFramework client, ConnectionState state) {}
    };
  }

  private static Collection<String> list() {
    return Collections.synchronizedList(new ArrayList<>());
  }

  private static void distributedQueue() throws Exception {
    Collection<String> got = list();
    List<DistributedQueue<String>> queues = new ArrayList<>();
    for (CuratorFramework client : clients) {
      queues.add(QueueBuilder.builder(client, into(got), TEXT, "/r/dqueue").lockPath("/r/dqlocks").buildQueue());
    }
    for (DistributedQueue<String> queue : queues) queue.start();
    for (int i = 0; i < 12; i++) queues.get(i % CLIENTS).put("" + i);
    eventually("all are taken", () -> got.size() >= 12);
    check(got.stream().distinct().count() == 12 && got.size() == 12, "each once: " + got);
    for (DistributedQueue<String> queue : queues) queue.close();
  }

  private static void priorityQueue() throws Exception {
    Collection<String> got = list();
    DistributedPriorityQueue<String> writer =
        QueueBuilder.builder(clients.get(0), null, TEXT, "/r/pqueue").buildPriorityQueue(0);
    writer.start();
    for (int i = 0; i < 5; i++) writer.put("" + i, 10 - i);
    eventually("all are there", () -> clients.get(0).getChildren().forPath("/r/pqueue").size() == 5);
    syncAll();
    DistributedPriorityQueue<String> reader =
        QueueBuilder.builder(clients.get(1), into(got), TEXT, "/r/pqueue").buildPriorityQueue(0);
    reader.start();
    eventually("all are taken", () -> got.size() == 5);
    check(List.copyOf(got).equals(List.of("4", "3", "2", "1", "0")), "by priority: " + got);
    reader.close();
    writer.close();
  }

  private static void delayQueue() throws Exception {
    Collection<String> got = list();
    DistributedDelayQueue<String> queue =
        QueueBuilder.builder(clients.get(0), into(got), TEXT, "/r/delayed").buildDelayQueue();
    queue.start();
    long now = System.currentTimeMillis();
    queue.put("late", now + 600);
    queue.put("early", now + 1);
    eventually("both come", () -> got.size() == 2);
    check(List.copyOf(got).equals(List.of("early", "late")), "each in its time: " + got);
    check(System.currentTimeMillis() >= now + 600, "not before its time");
    queue.close();
  }

  private static void idQueue() throws Exception {
    DistributedIdQueue<String> writer = QueueBuilder.builder(clients.get(0), null, TEXT, "/r/idqueue").buildIdQueue();
    writer.start();
    writer.put("stays", "one");
    writer.put("goes", "two");
    eventually("both are there", () -> clients.get(0).getChildren().forPath("/r/idqueue").size() == 2);
    check(writer.remove("two") == 1, "it is taken out by its id");
    syncAll();
    Collection<String> got = list();
    DistributedIdQueue<String> reader =
        QueueBuilder.builder(clients.get(1), into(got), TEXT, "/r/idqueue").buildIdQueue();
    reader.start();
    eventually("the other comes", () -> got.size() == 1);
    check(got.contains("stays"), "and no other: " + got);
    reader.close();
    writer.close();
  }

  private static void sharedValue() throws Exception {
    List<SharedValue> values = new ArrayList<>();
    for (CuratorFramework client : clients) {
      SharedValue value = new SharedValue(client, "/r/value", new byte[] {7});
      value.start();
      values.add(value);
    }
    values.get(0).setValue(new byte[] {42});
    for (SharedValue value : values) eventually("all see it", () -> value.getValue()[0] == 42);
    VersionedValue<byte[]> old = values.get(1).getVersionedValue();
    check(values.get(1).trySetValue(old, new byte[] {43}), "the present version is changed");
    check(!values.get(2).trySetValue(old, new byte[] {44}), "an old one is not");
    for (SharedValue value : values) value.close();
  }

  private static void atomicInteger() throws Exception {
    together(
        index -> {
          DistributedAtomicInteger own =
              new DistributedAtomicInteger(clients.get(index), "/r/int", new ExponentialBackoffRetry(5, 100));
          for (int done = 0; done < 5; ) if (own.add(2).succeeded()) done++;
        });
    syncAll();
    int value = new DistributedAtomicInteger(clients.get(0), "/r/int", new ExponentialBackoffRetry(5, 3)).get().postValue();
    check(value == 10 * CLIENTS, "the sum: " + value);
  }

  private static int failures = 0;

  private static void run(String name, Recipe recipe) {
    try {
      recipe.run();
      System.out.println("ok " + name);
    } catch (Throwable error) {
      failures++;
      System.out.println("failed " + name + " " + error);
    }
    System.out.flush();
  }

  public static void main(String[] args) throws Exception {
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(CuratorFrameworkFactory.newClient(args[0], 30_000, 30_000, new ExponentialBackoffRetry(100, 5)));
      clients.get(i).start();
    }
    clients.get(0).create().forPath("/r");
    run("mutex", Recipes::mutex);
    run("semaphoreMutex", Recipes::semaphoreMutex);
    run("multiLock", Recipes::multiLock);
    run("readWriteLock", Recipes::readWriteLock);
    run("semaphore", Recipes::semaphore);
    run("leaderLatch", Recipes::leaderLatch);
    run("leaderSelector", Recipes::leaderSelector);
    run("barrier", Recipes::barrier);
    run("doubleBarrier", Recipes::doubleBarrier);
    run("queue", Recipes::queue);
    run("atomicLong", Recipes::atomicLong);
    run("sharedCount", Recipes::sharedCount);
    run("groupMember", Recipes::groupMember);
    run("persistentNode", Recipes::persistentNode);
    run("persistentTtlNode", Recipes::persistentTtlNode);
    run("cache", Recipes::cache);
    run("pathChildrenCache", Recipes::pathChildrenCache);
    run("treeCache", Recipes::treeCache);
    run("nodeCache", Recipes::nodeCache);
    run("persistentWatcher", Recipes::persistentWatcher);
    run("distributedQueue", Recipes::distributedQueue);
    run("priorityQueue", Recipes::priorityQueue);
    run("delayQueue", Recipes::delayQueue);
    run("idQueue", Recipes::idQueue);
    run("sharedValue", Recipes::sharedValue);
    run("atomicInteger", Recipes::atomicInteger);
    for (CuratorFramework client : clients) client.close();
    System.exit(failures == 0 ? 0 : 1);
  }
}
