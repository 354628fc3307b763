import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.api.CuratorWatcher;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryForever;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;

/**
 * A Curator session that lives through a failover, driven over stdin and watched over stdout; same commands as session.c,
 * and the recipes "lock PATH", "unlock PATH" and "cache PATH" (an event line for each change below the path).
 */
public final class Session {
  private static final Map<String, InterProcessMutex> locks = new HashMap<>();

  private static synchronized void say(String text) {
    System.out.println(text);
    System.out.flush();
  }

  private static String answer(CuratorFramework client, String verb, String path, String text) throws Exception {
    byte[] data = text.getBytes(StandardCharsets.UTF_8);
    CuratorWatcher watcher = event -> say("event " + event.getType() + " " + event.getPath());
    switch (verb) {
      case "create":
        return client.create().forPath(path, data);
      case "ephemeral":
        return client.create().withMode(CreateMode.EPHEMERAL).forPath(path, data);
      case "set":
        return "" + client.setData().forPath(path, data).getVersion();
      case "get":
        return new String(client.getData().forPath(path), StandardCharsets.UTF_8);
      case "watch":
        return new String(client.getData().usingWatcher(watcher).forPath(path), StandardCharsets.UTF_8);
      case "children":
        return "" + client.getChildren().forPath(path).size();
      case "lock":
        InterProcessMutex lock = locks.computeIfAbsent(path, name -> new InterProcessMutex(client, name));
        return "" + lock.acquire(Integer.parseInt(text), TimeUnit.MILLISECONDS);
      case "unlock":
        locks.get(path).release();
        return "";
      case "cache":
        CuratorCache cache = CuratorCache.build(client, path);
        cache.listenable().addListener((type, before, now) -> say("cache " + type + " " + (now == null ? before : now).getPath()));
        cache.start();
        return "";
      default:
        throw new IllegalArgumentException(verb);
    }
  }

  public static void main(String[] args) throws Exception {
    CuratorFramework client = CuratorFrameworkFactory.builder().connectString(args[0]).sessionTimeoutMs(10000)
        .connectionTimeoutMs(10000).retryPolicy(new RetryForever(50)).build();
    client.getConnectionStateListenable().addListener((which, state) -> say("state " + state));
    client.start();
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null && !line.equals("quit"); line = input.readLine()) {
      String[] words = line.split(" ", 3);
      try {
        say("ok " + answer(client, words[0], words[1], words.length > 2 ? words[2] : ""));
      } catch (KeeperException error) {
        say("error " + error.code());
      }
    }
    client.close();
    say("closed");
  }
}
