"""Kazoo's recipes, several clients each: prints "ok NAME" for those that did what they promise."""
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.recipe.barrier import Barrier, DoubleBarrier
from kazoo.recipe.cache import TreeCache, TreeEvent
from kazoo.recipe.counter import Counter
from kazoo.recipe.election import Election
from kazoo.recipe.lease import MultiNonBlockingLease, NonBlockingLease
from kazoo.recipe.lock import Lock, ReadLock, Semaphore, WriteLock
from kazoo.recipe.partitioner import SetPartitioner
from kazoo.recipe.party import Party, ShallowParty
from kazoo.recipe.queue import LockingQueue, Queue
from kazoo.recipe.watchers import ChildrenWatch, DataWatch, PatientChildrenWatch

HOSTS = sys.argv[1]
ROOT = "/recipes"
CLIENTS = 4
LIMIT = 60


def eventually(what, probe):
    end = time.monotonic() + LIMIT
    while not probe():
        if time.monotonic() > end:
            raise AssertionError(what)
        time.sleep(0.01)


def together(work, count=CLIENTS):
    """Runs work(index) in threads of their own; the first error is raised."""
    errors = []

    def run(index):
        try:
            work(index)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
        if thread.is_alive():
            raise AssertionError("a client did not finish")
    if errors:
        raise errors[0]


def sync_all(clients):
    """Each client's server has what was done before: a recipe begun there must not miss it."""
    for client in clients:
        client.sync(ROOT)


class Room:
    """How many are inside at the same time."""

    def __init__(self):
        self.guard = threading.Lock()
        self.inside = 0
        self.most = 0
        self.visits = 0

    def __enter__(self):
        with self.guard:
            self.inside += 1
            self.visits += 1
            self.most = max(self.most, self.inside)
        time.sleep(0.005)

    def __exit__(self, *_):
        with self.guard:
            self.inside -= 1


def lock(clients):
    room = Room()

    def work(index):
        for _ in range(5):
            with Lock(clients[index], ROOT + "/lock", str(index)):
                with room:
                    pass

    together(work)
    assert (room.most, room.visits) == (1, 20), (room.most, room.visits)


class OrderedReadLock(ReadLock):
    """
    Kazoo's, which waits for the last writer, also for one that came behind it and waits for this reader: both wait for ever then
    (kazoo #649, with any server). By ZooKeeper's recipe a reader waits for the last writer before it.
    """

    def _get_predecessor(self, node):
        children = self.client.get_children(self.path)
        assert node in children, "a server does not show its client's own node"
        turns = {int(child[-10:]): child for child in children if any(name in child for name in self._EXCLUDE_NAMES)}
        before = [turn for turn in turns if turn < int(node[-10:])]
        return turns[max(before)] if before else None


def read_write_lock(clients):
    readers, writers = Room(), Room()

    def work(index):
        for _ in range(3):
            if index == 0:
                with WriteLock(clients[index], ROOT + "/rw", str(index)):
                    with writers:
                        assert readers.inside == 0
            else:
                with OrderedReadLock(clients[index], ROOT + "/rw", str(index)):
                    with readers:
                        assert writers.inside == 0

    together(work)
    assert (writers.most, writers.visits, readers.visits) == (1, 3, 9), (writers.most, writers.visits, readers.visits)
    take_turns(clients)


def take_turns(clients):
    """A writer has the lock; a reader, a writer and a reader queue up behind it: each gets it in turn."""
    path, order, threads = ROOT + "/turns", [], []
    first = WriteLock(clients[0], path, "first")
    first.acquire()
    kinds = [OrderedReadLock, WriteLock, OrderedReadLock]

    def work(index):
        with kinds[index](clients[index + 1], path, str(index)):
            order.append(index)

    for index in range(len(kinds)):
        threads.append(threading.Thread(target=work, args=(index,), daemon=True))
        threads[-1].start()
        eventually("it stands in the queue", lambda: len(clients[0].get_children(path)) == index + 2)
    assert order == []
    first.release()
    for thread in threads:
        thread.join(LIMIT)
    assert order == [0, 1, 2], order


def semaphore(clients):
    room = Room()

    def work(index):
        for _ in range(3):
            with Semaphore(clients[index], ROOT + "/semaphore", max_leases=2):
                with room:
                    pass

    together(work)
    assert room.most <= 2 and room.visits == 12, (room.most, room.visits)


def election(clients):
    room = Room()
    led = []

    def lead(index):
        with room:
            led.append(index)

    together(lambda index: Election(clients[index], ROOT + "/election", str(index)).run(lead, index))
    assert sorted(led) == list(range(CLIENTS)) and room.most == 1, led


def barrier(clients):
    gate = Barrier(clients[0], ROOT + "/barrier")
    gate.create()
    sync_all(clients)
    passed = []
    waits = threading.Barrier(CLIENTS)

    def work(index):
        if index == 0:
            waits.wait(LIMIT)
            time.sleep(0.05)
            assert passed == []
            gate.remove()
        else:
            own = Barrier(clients[index], ROOT + "/barrier")
            waits.wait(LIMIT)
            assert own.wait(LIMIT)
            passed.append(index)

    together(work)
    assert len(passed) == CLIENTS - 1


def double_barrier(clients):
    room = Room()

    def work(index):
        both = DoubleBarrier(clients[index], ROOT + "/double", CLIENTS, str(index))
        both.enter()
        with room.guard:
            room.visits += 1
        both.leave()
        assert room.visits == CLIENTS

    together(work)


def queue(clients):
    writer = Queue(clients[0], ROOT + "/queue")
    for number in range(20):
        writer.put(b"%d" % number, priority=100 - number)
    got = []

    def work(index):
        own = Queue(clients[index], ROOT + "/queue")
        while True:
            item = own.get()
            if item is None:
                return
            got.append(int(item))

    together(work)
    assert sorted(got) == list(range(20)), got


def locking_queue(clients):
    LockingQueue(clients[0], ROOT + "/locking").put_all([b"%d" % number for number in range(8)])
    got = []

    def work(index):
        own = LockingQueue(clients[index], ROOT + "/locking")
        for _ in range(2):
            item = own.get(LIMIT)
            assert item is not None
            assert own.holds_lock()
            got.append(int(item))
            assert own.consume()

    together(work)
    assert sorted(got) == list(range(8)), got


def party(clients):
    for kind, path in ((Party, "/party"), (ShallowParty, "/shallow")):
        members = [kind(client, ROOT + path, "member%d" % index) for index, client in enumerate(clients)]
        for member in members:
            member.join()
        eventually("all are there", lambda: len(set(members[0])) == CLIENTS)
        members[1].leave()
        eventually("one left", lambda: len(members[0]) == CLIENTS - 1)


def counter(clients):
    def work(index):
        own = Counter(clients[index], ROOT + "/counter", default=10)
        for _ in range(10):
            own += 1

    together(work)
    sync_all(clients)
    assert Counter(clients[0], ROOT + "/counter", default=10).value == 10 + 10 * CLIENTS


def lease(clients):
    import datetime

    path, span = ROOT + "/lease", datetime.timedelta(seconds=60)
    taken = []
    for index, client in enumerate(clients):
        taken.append(bool(MultiNonBlockingLease(client, 2, path, span, "id%d" % index)))
        sync_all(clients)
    assert taken.count(True) == 2, taken


def single_lease(clients):
    import datetime

    span = datetime.timedelta(seconds=60)
    taken = []
    for index, client in enumerate(clients):
        taken.append(bool(NonBlockingLease(client, ROOT + "/single", span, "id%d" % index)))
        sync_all(clients)
    assert taken == [True] + [False] * (CLIENTS - 1), taken


def partitioner(clients):
    items = tuple("item%d" % number for number in range(9))
    parts = [SetPartitioner(client, ROOT + "/parts", set=items, identifier="member%d" % index, time_boundary=0.2)
             for index, client in enumerate(clients)]

    def share(members):
        """Goes on until all have a part at the same time."""
        end = time.monotonic() + LIMIT
        while not all(part.acquired for part in members):
            assert time.monotonic() < end and not any(part.failed for part in members)
            for part in members:
                if part.release:
                    part.release_set()
            time.sleep(0.02)
        return sorted(item for part in members for item in part)

    eventually("each item has one owner", lambda: share(parts) == sorted(items))
    parts[1].finish()
    rest = parts[:1] + parts[2:]
    eventually("those who stay have all", lambda: share(rest) == sorted(items))
    for part in rest:
        part.finish()


def watchers(clients):
    path, seen, lists = ROOT + "/watched", [], []
    clients[0].create(path)
    sync_all(clients)
    DataWatch(clients[1], path, lambda data, stat: seen.append(data))
    ChildrenWatch(clients[2], path, lambda names: lists.append(sorted(names)))
    for number in range(5):
        clients[0].set(path, b"%d" % number)
        eventually("the change is seen", lambda: seen[-1] == b"%d" % number)
        clients[0].create(path + "/%d" % number)
        eventually("the child is seen", lambda: len(lists[-1]) == number + 1)
    patient = PatientChildrenWatch(clients[3], path, time_boundary=0.2).start()
    names, _ = patient.get(timeout=LIMIT)
    assert len(names) == 5


def tree_cache(clients):
    cache, kinds = TreeCache(clients[0], ROOT + "/tree"), []
    clients[1].ensure_path(ROOT + "/tree")
    cache.listen(lambda event: kinds.append(event.event_type))
    cache.start()
    eventually("it begins", lambda: TreeEvent.INITIALIZED in kinds)
    clients[1].create(ROOT + "/tree/a/b", b"x", makepath=True)
    eventually("it grows", lambda: (cache.get_data(ROOT + "/tree/a/b") or (None,))[0] is not None)
    clients[1].set(ROOT + "/tree/a/b", b"y")
    eventually("it changes", lambda: cache.get_data(ROOT + "/tree/a/b").data == b"y")
    clients[1].delete(ROOT + "/tree", recursive=True)
    eventually("it goes", lambda: cache.get_data(ROOT + "/tree/a") is None)
    cache.close()


RECIPES = [lock, read_write_lock, semaphore, election, barrier, double_barrier, queue, locking_queue, party, counter]
RECIPES += [lease, single_lease, partitioner, watchers, tree_cache]


def main():
    clients = [KazooClient(hosts=HOSTS, timeout=10) for _ in range(CLIENTS)]
    for client in clients:
        client.start(LIMIT)
    clients[0].ensure_path(ROOT)
    failed = 0
    for recipe in RECIPES:
        try:
            recipe(clients)
            print("ok", recipe.__name__, flush=True)
        except BaseException as error:
            failed += 1
            print("failed", recipe.__name__, repr(error), flush=True)
    for client in clients:
        client.stop()
        client.close()
    sys.exit(1 if failed else 0)


main()
