import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameSplitter, type FrameSink } from '../../src/client/frame-splitter.js';
import { SeededRandom } from '../fakes/index.js';
import { frameOf } from '../support/wire-client.js';

/** Notes what it is given; stops after every `stopEvery`th frame. */
class NotingSink implements FrameSink {
  readonly frames: string[] = [];
  readonly odd: { length: number; rest: string }[] = [];

  constructor(private readonly stopEvery = 0) {}

  onFrame(bytes: Buffer, start: number, end: number): boolean {
    this.frames.push(bytes.toString('hex', start, end));
    return this.stopEvery === 0 || this.frames.length % this.stopEvery !== 0;
  }

  onOddLength(length: number, bytes: Buffer, start: number, end: number): void {
    this.odd.push({ length, rest: bytes.toString('latin1', start, end) });
  }
}

/** Cuts bytes at random; each piece is spoilt after the splitter returned, as a socket's buffer may be. */
function pushInPieces(random: SeededRandom, splitter: FrameSplitter, bytes: Buffer, between: () => void): void {
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(bytes.length - at, 1 + random.below(random.oneIn(4) ? 5000 : 12));
    const piece = Buffer.from(bytes.subarray(at, at + size));
    splitter.push(piece);
    piece.fill(0xdb);
    between();
    at += size;
  }
}

describe('FrameSplitter', () => {
  it('gives the same frames however the bytes are cut, with stops at any frame', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new SeededRandom(seed);
      const payloads = Array.from({ length: 40 }, () => random.bytes(random.below(random.oneIn(5) ? 3000 : 60)));
      const sink = new NotingSink(random.below(4));
      const splitter = new FrameSplitter(sink, 100_000);
      const resumeSometimes = () => {
        if (random.oneIn(3)) splitter.resume();
      };
      pushInPieces(random, splitter, Buffer.concat(payloads.map(frameOf)), resumeSometimes);
      for (let i = 0; i < payloads.length; i++) splitter.resume();
      assert.deepEqual(
        sink.frames,
        payloads.map((payload) => payload.toString('hex')),
        `seed ${seed}`,
      );
      assert.equal(splitter.heldBytes, 0, `seed ${seed}`);
      assert.deepEqual(sink.odd, []);
    }
  });

  it('hands over nothing of a frame that is not whole', () => {
    const sink = new NotingSink();
    const splitter = new FrameSplitter(sink, 1000);
    const frame = frameOf(Buffer.from('abc'));
    for (const byte of frame.subarray(0, frame.length - 1)) splitter.push(Buffer.from([byte]));
    assert.deepEqual(sink.frames, []);
    splitter.push(frame.subarray(frame.length - 1));
    assert.deepEqual(sink.frames, ['616263']);
  });

  it('keeps what comes while it is stopped, and stops again when told so', () => {
    const sink = new NotingSink(1);
    const splitter = new FrameSplitter(sink, 1000);
    splitter.push(Buffer.concat([1, 2, 3].map((n) => frameOf(Buffer.from([n])))));
    splitter.push(frameOf(Buffer.from([4])));
    assert.deepEqual(sink.frames, ['01']);
    splitter.resume();
    assert.deepEqual(sink.frames, ['01', '02']);
    splitter.resume();
    splitter.resume();
    assert.deepEqual(sink.frames, ['01', '02', '03', '04']);
    assert.equal(splitter.heldBytes, 0);
  });

  it('keeps what comes after it was halted between two chunks', () => {
    const sink = new NotingSink();
    const splitter = new FrameSplitter(sink, 1000);
    const frames = Buffer.concat([1, 2, 3].map((n) => frameOf(Buffer.from([n]))));
    splitter.push(frames.subarray(0, 8));
    splitter.halt();
    splitter.push(frames.subarray(8));
    assert.deepEqual(sink.frames, ['01']);
    splitter.resume();
    assert.deepEqual(sink.frames, ['01', '02', '03']);
  });

  const lengths = [
    { name: 'negative', length: -1 },
    { name: 'one above the limit', length: 1001 },
    { name: 'the largest', length: 0x7fffffff },
  ];
  for (const { name, length } of lengths) {
    it(`gives up at a ${name} length, in one piece and in many`, () => {
      const head = Buffer.alloc(4);
      head.writeInt32BE(length);
      const bytes = Buffer.concat([frameOf(Buffer.from('ok')), head, Buffer.from('rest')]);
      for (const size of [bytes.length, 1]) {
        const sink = new NotingSink();
        const splitter = new FrameSplitter(sink, 1000);
        for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
        assert.deepEqual(sink.frames, ['6f6b']);
        assert.equal(sink.odd.length, 1);
        assert.equal(sink.odd[0]?.length, length);
        if (size > 1) assert.equal(sink.odd[0].rest, 'rest');
        splitter.push(frameOf(Buffer.from('no')));
        assert.equal(sink.frames.length, 1);
      }
    });
  }

  it('takes a frame of exactly the limit', () => {
    const sink = new NotingSink();
    new FrameSplitter(sink, 1000).push(frameOf(Buffer.alloc(1000, 1)));
    assert.equal(sink.frames.length, 1);
  });

  it('never takes a four-letter word for a frame, whatever the limit', () => {
    const sink = new NotingSink();
    new FrameSplitter(sink, 0x7fffffff).push(Buffer.from('conf'));
    assert.equal(sink.odd[0]?.length, Buffer.from('conf').readInt32BE(0));
  });

  it('does not reserve what a frame only claims to have', () => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(50_000_000);
    const before = process.memoryUsage().arrayBuffers;
    const splitters = Array.from({ length: 100 }, () => {
      const splitter = new FrameSplitter(new NotingSink(), 100_000_000);
      splitter.push(head);
      splitter.push(Buffer.alloc(10));
      return splitter;
    });
    const grownBytes = process.memoryUsage().arrayBuffers - before;
    assert.equal(splitters.length, 100);
    assert.ok(grownBytes < 5_000_000, `${grownBytes} bytes for 100 frames of which 10 bytes came`);
  });
});
