import { Complaints, type HttpHandler, type HttpReply, type HttpRequest } from '../host/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import type { DataTree } from '../tree/index.js';
import { NOT_SERVING } from '../status/index.js';
import { refusalOf } from './authorize.js';
import { type Answer, type Command, failure } from './command.js';
import { connectionCommands } from './connection-commands.js';
import { controlCommands } from './control-commands.js';
import { ensembleCommands } from './ensemble-commands.js';
import { Health } from './health.js';
import { type Json, printJson } from './json.js';
import type { AdminTarget } from './needs.js';
import { serverCommands } from './server-commands.js';
import { snapshotCommands } from './snapshot-commands.js';
import { treeCommands } from './tree-commands.js';

const JSON_TYPE = 'application/json;charset=utf-8';
const NOT_FOUND: HttpReply = { status: 404, contentType: 'text/plain', body: 'There is nothing here.\n' };

/** Answers the admin port: ZooKeeper's commands, and health for probes. */
export function makeAdminHandler(target: AdminTarget): HttpHandler {
  const admin = new AdminServer(target);
  return (request) => admin.answer(request);
}

class AdminServer {
  private readonly commands: readonly Command[];
  private readonly byName = new Map<string, Command>();
  private readonly health: Health;
  private readonly complaints: Complaints;

  constructor(private readonly target: AdminTarget) {
    this.commands = [
      ...connectionCommands,
      ...controlCommands,
      ...ensembleCommands,
      ...serverCommands,
      ...snapshotCommands(),
      ...treeCommands,
    ];
    for (const command of this.commands) for (const name of command.names) this.byName.set(name, command);
    this.health = new Health(target);
    this.complaints = new Complaints(target.clock, target.log);
  }

  async answer(request: HttpRequest): Promise<HttpReply> {
    const { path } = request;
    const { commandUrl } = this.target.options;
    const health = await this.health.answer(request);
    if (health !== null) return health;
    if (path !== commandUrl && !path.startsWith(`${commandUrl}/`)) return NOT_FOUND;
    if (!['GET', 'HEAD', 'POST'].includes(request.method)) return wrongMethod('GET, HEAD, POST');
    const name = path.slice(commandUrl.length + 1);
    return name === '' ? this.links() : this.runCommand(name, request);
  }

  /** A page of links to all commands. */
  private links(): HttpReply {
    const { commandUrl } = this.target.options;
    const names = this.commands.map(({ names: [primary] }) => primary).sort();
    const lines = names.map((name) => `<a href="${commandUrl}/${name}">${name}</a>\n<br/>\n`);
    return { status: 200, contentType: 'text/html;charset=utf-8', body: lines.join('') };
  }

  private async runCommand(name: string, request: HttpRequest): Promise<HttpReply> {
    const command = this.byName.get(name);
    // ZooKeeper's answers to these two have status 200.
    if (command === undefined) return reply(name, failure(200, `Unknown command: ${name}`));
    const [primary] = command.names;
    const isPost = request.method === 'POST';
    if (isPost !== (command.method === 'POST')) {
      return {
        ...reply(primary, failure(405, `This command takes ${command.method}`)),
        headers: { allow: command.method },
      };
    }
    const pipeline = this.target.pipeline();
    if (command.when === 'serving' && pipeline === null) return reply(name, failure(200, NOT_SERVING));
    if (command.needsAuth === true) {
      // Who may what is known as soon as there is data.
      const tree = pipeline?.tree ?? this.target.database()?.tree;
      if (tree === undefined) return reply(name, failure(200, NOT_SERVING));
      const refusal = this.refusal(primary, tree, request);
      if (refusal !== null) return reply(primary, refusal);
    }
    const answer =
      command.when === 'always'
        ? command.run(this.target, pipeline, request)
        : command.run(this.target, pipeline as RequestPipeline, request);
    return reply(primary, await answer);
  }

  private refusal(name: string, tree: DataTree, request: HttpRequest): Answer | null {
    const refusal = refusalOf(this.target, tree, request);
    if (refusal !== null) {
      const text = `${request.remoteHost} was refused the admin command ${name} (${refusal.status ?? 0}).`;
      this.complaints.warn(`admin ${request.remoteHost}`, text, { code: 'ADMIN_REFUSED', remote: request.remoteHost });
    }
    return refusal;
  }
}

/** The fields of the answer, then the command and the error, unless a field says it already. */
function reply(command: string, { status = 200, fields, headers = {}, stream }: Answer): HttpReply {
  if (stream !== undefined) return { status, contentType: 'application/octet-stream', headers, body: stream };
  const all = new Map<string | number | bigint, Json>(fields).set('command', command);
  if (!all.has('error')) all.set('error', null);
  return { status, contentType: JSON_TYPE, headers, body: printJson(all) };
}

function wrongMethod(allow: string): HttpReply {
  return { status: 405, contentType: 'text/plain', headers: { allow }, body: `This takes ${allow}.\n` };
}
