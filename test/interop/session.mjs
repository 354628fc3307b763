// A node-zookeeper-client session that lives through a failover, driven over stdin and watched over stdout; same commands
// as session.c.
import { createInterface } from 'node:readline';
import zookeeper from 'node-zookeeper-client';

const options = { sessionTimeout: 10_000, spinDelay: 50, retries: 0 };
const client = zookeeper.createClient(process.argv[2], options);

const say = (text) => process.stdout.write(`${text}\n`);
const onEvent = (event) => say(`event ${event.getName()} ${event.getPath()}`);

/** Every command: starts the call, and turns its result into the text of the answer. */
const commands = {
  create: (path, data, done) => client.create(path, data, zookeeper.CreateMode.PERSISTENT, done),
  ephemeral: (path, data, done) => client.create(path, data, zookeeper.CreateMode.EPHEMERAL, done),
  set: (path, data, done) => client.setData(path, data, -1, (error, stat) => done(error, stat?.version)),
  get: (path, _data, done) => client.getData(path, done),
  watch: (path, _data, done) => client.getData(path, onEvent, done),
  children: (path, _data, done) => client.getChildren(path, (error, names) => done(error, names?.length)),
};

client.on('state', (state) => say(`state ${state.getName()}`));
client.connect();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [verb, path, ...rest] = line.split(' ');
    if (verb === 'quit') {
      client.once('disconnected', () => process.exit(0));
      client.close();
      return;
    }
    commands[verb](path, Buffer.from(rest.join(' ')), (error, result) =>
      say(error ? `error ${error.getName?.() ?? error.message}` : `ok ${result}`),
    );
  })
  .on('close', () => process.exit(1));
