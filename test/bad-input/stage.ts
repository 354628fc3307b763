import assert from 'node:assert/strict';
import type { BadCase } from './cases.js';

/** The stranger's end of a connection. */
export interface Line {
  /** Its address, as logs show it. */
  readonly address: string;
  readonly heard: Buffer;
  /** The server has ended the connection. */
  readonly closed: boolean;
  send(bytes: Buffer): void;
  /** Closes this direction; the other stays open. */
  end(): void;
  destroy(): void;
}

export interface LogLine {
  readonly level: string;
  readonly code: string;
  readonly message: string;
  /** Message and fields. */
  readonly text: string;
}

/** A running ensemble, simulated or real, and strangers of whom each has an address of its own. */
export interface Stage {
  dial(bad: BadCase): Promise<Line>;
  /** Waits for something of this stage; throws when it does not come. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>;
  pause(durationMs: number): Promise<void>;
  /** What the server that the case is about has logged at info or above. */
  log(bad: BadCase): Promise<readonly LogLine[]>;
}

/** Who is not closed within this time is not closed. */
const OPEN_MS = 300;

/** Does what the case says, and checks how it ends for the stranger, and what the log says of it. */
export async function play(bad: BadCase, stage: Stage): Promise<void> {
  const line = await stage.dial(bad);
  try {
    await speak(bad, line, stage);
    if (bad.closes) {
      await stage.until('it is closed', () => line.closed);
    } else {
      await stage.pause(OPEN_MS);
      assert.equal(line.closed, false, 'it is closed');
    }
    await checkLog(bad, line, stage);
  } finally {
    line.destroy();
  }
}

async function speak(bad: BadCase, line: Line, stage: Stage): Promise<void> {
  let known = 0;
  for (const [at, step] of bad.steps.entries()) {
    if (step === 'end') line.end();
    else if (Buffer.isBuffer(step)) line.send(step);
    else if (typeof step === 'function') line.send(step(line.heard));
    else {
      await stage.until(`step ${at}: something is heard`, () => line.heard.length > known || line.closed);
      assert.ok(line.heard.length > known, `step ${at}: closed instead of answered`);
      known = line.heard.length;
    }
  }
}

async function checkLog(bad: BadCase, line: Line, stage: Stage): Promise<void> {
  const isAboutIt = ({ text }: LogLine): boolean => bad.anonymous === true || text.includes(`${line.address}:`);
  if (bad.code === null) {
    const all = await stage.log(bad);
    assert.deepEqual(
      all.filter((entry) => isAboutIt(entry) && entry.level !== 'info'),
      [],
    );
    return;
  }
  const lines = async (): Promise<LogLine[]> =>
    (await stage.log(bad)).filter((entry) => entry.code === bad.code && isAboutIt(entry));
  await stage.until(`${bad.code} is logged`, async () => (await lines()).length > 0);
  const found = await lines();
  const said = found.filter(({ message }) => bad.says?.test(message) ?? true);
  assert.equal(said.length, 1, `${String(bad.says)} is not in:\n${found.map(({ message }) => message).join('\n')}`);
  if (bad.anonymous !== true) assert.equal(found.length, 1, 'it is said once');
}
