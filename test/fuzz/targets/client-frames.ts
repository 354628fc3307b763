import { FrameSplitter } from '../../../src/client/frame-splitter.js';
import { encodeToBuffer, JuteError, JuteReader } from '../../../src/jute/index.js';
import {
  type ChangeRequest,
  createModeOf,
  OpCode,
  readAuthPacket,
  readChangeRequest,
  readConnectRequest,
  readMultiRead,
  readSetWatches,
  writeAuthPacket,
  writeChangeRequest,
  writeConnectRequest,
  writeMultiRead,
  writeSetWatches,
} from '../../../src/protocol/index.js';
import { connectRequest, framed, hex } from '../../bad-input/speech.js';
import { JAVA_EXCHANGES } from '../../client/java-exchanges.js';
import { assertSame, assertStable, attempt, type Target } from '../target.js';

const MAX_FRAME_BYTES = 8192;
const HEADER_BYTES = 8;

/** Streams of port 2181: how they are cut into frames, the connect request, and every request's body. */
export const clientFrames: Target = {
  name: 'client-frames',
  seeds: () => [
    connectRequest(),
    ...Object.values(JAVA_EXCHANGES)
      .filter(({ request }) => request !== '')
      .map(({ request }) => framed(hex(request))),
  ],
  run: (bytes) => {
    const frames = framesOf(bytes, bytes.length);
    for (const size of [1, 3, 7]) assertSame(`frames in pieces of ${size}`, framesOf(bytes, size), frames);
    for (const frame of frames) {
      tryConnect(frame);
      if (frame.length >= HEADER_BYTES) tryRequest(frame.readInt32BE(4), frame.subarray(HEADER_BYTES));
    }
  },
};

function framesOf(bytes: Buffer, size: number): Buffer[] {
  const frames: Buffer[] = [];
  const sink = {
    onFrame: (from: Buffer, start: number, end: number) => frames.push(Buffer.from(from.subarray(start, end))) > 0,
    onOddLength: () => undefined,
  };
  const splitter = new FrameSplitter(sink, MAX_FRAME_BYTES);
  for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
  return frames;
}

function tryConnect(frame: Buffer): void {
  const decode = (bytes: Buffer) => readConnectRequest(new JuteReader(bytes));
  const request = attempt([JuteError], () => decode(frame));
  if (request === undefined) return;
  assertStable(request, (value) => encodeToBuffer((w) => writeConnectRequest(w, value)), decode);
}

function tryRequest(type: number, body: Buffer): void {
  switch (type) {
    case OpCode.setWatches:
    case OpCode.setWatches2: {
      const decode = (bytes: Buffer) => readSetWatches(new JuteReader(bytes), type);
      const request = attempt([JuteError], () => decode(body));
      if (request?.isWhole !== true) return;
      assertStable(request, (value) => encodeToBuffer((w) => writeSetWatches(w, value, type)), decode);
      return;
    }
    case OpCode.multiRead: {
      const decode = (bytes: Buffer) => readMultiRead(new JuteReader(bytes));
      const request = attempt([JuteError], () => decode(body));
      if (request === undefined) return;
      assertStable(request, (value) => encodeToBuffer((w) => writeMultiRead(w, value)), decode);
      return;
    }
    case OpCode.auth: {
      const decode = (bytes: Buffer) => readAuthPacket(new JuteReader(bytes));
      const request = attempt([JuteError], () => decode(body));
      if (request === undefined || request.isNull === true) return;
      assertStable(request, (value) => encodeToBuffer((w) => writeAuthPacket(w, value)), decode);
      return;
    }
    default: {
      const decode = (bytes: Buffer) => readChangeRequest(bytes, type);
      const request = attempt([JuteError], () => decode(body));
      if (request === undefined || failsByItself(request)) return;
      assertStable(request, (value) => encodeToBuffer((w) => writeChangeRequest(w, value)), decode);
    }
  }
}

/**
 * In a multi a createTTL of no known mode, or without ACLs, is taken for a create that will fail, which nobody could have sent as
 * one.
 */
function failsByItself(request: ChangeRequest): boolean {
  if (request.type !== OpCode.multi) return false;
  return request.ops.some((op) => 'flags' in op && (op.acl === null || createModeOf(op.flags) === undefined));
}
