import { type HttpReply, type HttpRequest, sleep } from '../host/index.js';
import { fields, printJson } from './json.js';
import type { AdminTarget } from './needs.js';

/** A probe file is written this often at most, however often probes come. */
const WRITE_TEST_EVERY_MS = 5000;
/** The event loop is measured by a timer of this length. */
const TIMER_MS = 5;

const PATHS: ReadonlySet<string> = new Set(['/livez', '/readyz']);

interface Check {
  readonly name: string;
  readonly isGood: boolean;
  /** What was found, for people. */
  readonly detail: string;
}

/**
 * `/livez`: would a restart help? `/readyz`: should clients be sent here? Both answer 200 or 503 and, with `?verbose`, name
 * every check; with `?format=json` or an Accept header that asks for it, as JSON.
 */
export class Health {
  private lastWrite: { readonly atMs: number; readonly error: Promise<string | null> } | null = null;

  constructor(private readonly target: AdminTarget) {}

  /** Null: the request asks for something else. */
  async answer(request: HttpRequest): Promise<HttpReply | null> {
    if (!PATHS.has(request.path)) return null;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, contentType: 'text/plain', headers: { allow: 'GET, HEAD' }, body: 'GET only.\n' };
    }
    const checks = request.path === '/livez' ? [await this.eventLoop(), this.log()] : await this.readiness();
    return report(request, checks, this.target.commands.status.settings.dataDir);
  }

  private async readiness(): Promise<Check[]> {
    return [
      this.quorum(),
      this.synced(),
      this.log(),
      ...(await Promise.all([this.writable(), this.space()])),
      this.fsync(),
      await this.eventLoop(),
    ];
  }

  private quorum(): Check {
    const { status } = this.target.commands;
    const pipeline = this.target.pipeline();
    const state = status.quorum()?.peerState ?? 'standalone';
    const isGood = pipeline !== null && pipeline.mode !== 'read-only';
    return { name: 'quorum', isGood, detail: pipeline === null ? state : `${state}, serves as ${pipeline.mode}` };
  }

  /** A learner serves only when it has what its leader had; from then on its log must keep up within syncLimit. */
  private synced(): Check {
    const { clock, commands } = this.target;
    const { settings } = commands.status;
    const limitMs = settings.tickTimeMs * (settings.quorum?.syncLimit ?? 5);
    const behindMs = this.target.database()?.oldestUnsyncedMs(clock.monotonicMs()) ?? 0;
    const isGood = this.target.pipeline() !== null && behindMs <= limitMs;
    return {
      name: 'synced',
      isGood,
      detail: `the log is ${Math.round(behindMs)} ms behind, at most ${limitMs} ms is good`,
    };
  }

  private log(): Check {
    const error = this.target.database()?.fatalError ?? null;
    return { name: 'log', isGood: error === null, detail: error?.message ?? 'no error' };
  }

  private async writable(): Promise<Check> {
    const { clock } = this.target;
    const nowMs = clock.monotonicMs();
    let { lastWrite } = this;
    if (lastWrite === null || nowMs - lastWrite.atMs >= WRITE_TEST_EVERY_MS) {
      // Whoever asks meanwhile waits for this one: two at once would remove each other's file.
      lastWrite = { atMs: nowMs, error: this.writeTest() };
      this.lastWrite = lastWrite;
    }
    const error = await lastWrite.error;
    return { name: 'disk-writable', isGood: error === null, detail: error ?? 'a file can be written' };
  }

  /** What is wrong with writing; null: nothing. The name is one that recovery clears away. */
  private async writeTest(): Promise<string | null> {
    const { disk } = this.target;
    try {
      for (const dir of this.folders()) {
        const path = `${dir}/staged-health`;
        const file = await disk.create(path);
        try {
          await file.write(Buffer.from('health\n'), 0);
        } finally {
          await file.close();
        }
        await disk.remove(path);
      }
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async space(): Promise<Check> {
    try {
      const free = await Promise.all(this.folders().map((dir) => this.target.disk.freeBytes(dir)));
      const least = Math.min(...free);
      const mebibytes = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MiB`;
      const { leastFreeBytes } = this.target.options;
      const detail = `${mebibytes(least)} free, at least ${mebibytes(leastFreeBytes)} is good`;
      return { name: 'disk-space', isGood: least >= leastFreeBytes, detail };
    } catch (error) {
      return { name: 'disk-space', isGood: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  private folders(): string[] {
    const { dataDir, dataLogDir } = this.target.commands.status.settings;
    return [...new Set([dataDir, dataLogDir])];
  }

  private fsync(): Check {
    const { clock, commands, options } = this.target;
    const waitingMs = this.target.database()?.oldestUnsyncedMs(clock.monotonicMs()) ?? 0;
    const p99 = commands.metrics.summaries.get('fsynctime')?.quantile(0.99) ?? 0;
    return {
      name: 'fsync',
      isGood: waitingMs <= options.slowSyncMs,
      detail: `${Math.round(waitingMs)} ms for the one under way, at most ${options.slowSyncMs} ms is good; p99 ${Math.round(p99)} ms`,
    };
  }

  private async eventLoop(): Promise<Check> {
    const { clock, commands } = this.target;
    const startMs = clock.monotonicMs();
    await sleep(clock, TIMER_MS);
    const lateMs = Math.max(0, clock.monotonicMs() - startMs - TIMER_MS);
    const limitMs = commands.status.settings.tickTimeMs / 2;
    return {
      name: 'event-loop',
      isGood: lateMs <= limitMs,
      detail: `a timer was ${lateMs.toFixed(1)} ms late, at most ${limitMs} ms is good`,
    };
  }
}

/** `dataDir` tells whose health it is: several servers of a machine may share a port over time. */
function report(request: HttpRequest, checks: readonly Check[], dataDir: string): HttpReply {
  const { path, query } = request;
  const isGood = checks.every((check) => check.isGood);
  const status = isGood ? 200 : 503;
  const wantsJson = query.get('format') === 'json' || (request.header('accept') ?? '').includes('application/json');
  if (wantsJson) {
    const list = checks.map((check) => fields({ name: check.name, ok: check.isGood, detail: check.detail }));
    const body = printJson(fields({ status: isGood ? 'ok' : 'failed', data_dir: dataDir, checks: list }));
    return { status, contentType: 'application/json;charset=utf-8', body: `${body}\n` };
  }
  const isVerbose = query.has('verbose');
  const shown = isVerbose ? checks : checks.filter((check) => !check.isGood);
  const lines = shown.map(
    (check) => `[${check.isGood ? '+' : '-'}]${check.name} ${check.isGood ? 'ok' : 'failed'}: ${check.detail}\n`,
  );
  const end = isVerbose || !isGood ? `${path.slice(1)} check ${isGood ? 'passed' : 'failed'}\n` : 'ok\n';
  return { status, contentType: 'text/plain;charset=utf-8', body: lines.join('') + end };
}
