import { encodeToBuffer, type JuteWriter } from '../../src/jute/index.js';
import { OpCode, writeMultiEnd, writeMultiHeader, writeRequestHeader } from '../../src/protocol/index.js';
import { JAVA_EXCHANGES } from '../client/java-exchanges.js';
import type { SeededRandom } from '../fakes/index.js';
import { mutated } from './mutations.js';
import { connectRequest, framed, hex, int } from './speech.js';

/** Lengths that no frame has. */
const ODD_LENGTHS = [-1, -2, -0x80000000, 0x7fffffff, 0x100000, 0xfffff + 1, 0x40000000];
const NEGATIVE_COUNTS = [-1, -2, -0x80000000];
const HUGE_COUNTS = [0x7fffffff, 0x00ffffff, 1_000_000];
/** Sequences that are no UTF-8: overlong, surrogates, out of range, cut off, lone. */
const BROKEN_UTF8 = ['c080', 'eda080', 'edb080', 'f4908080', 'f8888080', 'e282', 'ff', 'fe', '80', 'c3'].map(hex);
const MANY = 3000;

const RECORDED = Object.values(JAVA_EXCHANGES)
  .filter(({ request }) => request !== '')
  .map(({ request }) => hex(request));

type Make = (random: SeededRandom) => Buffer;

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)] as T;
}

function request(type: number, write: (w: JuteWriter) => void): Buffer {
  return encodeToBuffer((w) => {
    writeRequestHeader(w, 1, type);
    write(w);
  });
}

const recorded: Make = (random) => framed(pick(random, RECORDED));

/** The length is right and the body is not whole. */
const truncatedBody: Make = (random) => {
  const body = pick(random, RECORDED);
  return framed(body.subarray(0, random.below(body.length)));
};

/** More is promised than comes; what comes next is taken for the rest. */
const truncatedFrame: Make = (random) => {
  const body = pick(random, RECORDED);
  return Buffer.concat([int(body.length + 1 + random.below(40)), body]);
};

const oversized: Make = (random) =>
  Buffer.concat([int(pick(random, ODD_LENGTHS)), pick(random, RECORDED).subarray(0, random.below(12))]);

/** A list, or a string, or data that says it has a count that cannot be. */
function oddCount(counts: readonly number[]): Make {
  return (random) => {
    const count = pick(random, counts);
    const type = pick(random, [OpCode.setWatches, OpCode.setWatches2, OpCode.create, OpCode.setACL, OpCode.getData]);
    const body = request(type, (w) => {
      if (type === OpCode.setWatches || type === OpCode.setWatches2) w.long(0);
      else if (type !== OpCode.getData || random.oneIn(2)) w.string('/odd');
      if (type === OpCode.create && random.oneIn(2)) w.buffer(null);
      w.int(count);
      w.raw(random.bytes(random.below(30)));
    });
    return framed(body);
  };
}

function manyPaths(random: SeededRandom): Buffer {
  return request(pick(random, [OpCode.setWatches, OpCode.setWatches2]), (w) => {
    w.long(0x7fff_ffff);
    for (let list = 0; list < 5; list++) {
      w.int(MANY);
      for (let i = 0; i < MANY; i++) w.string(`/${i}`);
    }
  });
}

function manyAcls(): Buffer {
  return request(OpCode.setACL, (w) => {
    w.string('/odd');
    w.int(MANY);
    for (let i = 0; i < MANY; i++) {
      w.int(31);
      w.string('digest');
      w.string(`u${i}:x`);
    }
    w.int(-1);
  });
}

function manyParts(random: SeededRandom): Buffer {
  const isRead = random.oneIn(2);
  return request(isRead ? OpCode.multiRead : OpCode.multi, (w) => {
    for (let i = 0; i < MANY; i++) {
      writeMultiHeader(w, isRead ? OpCode.getData : OpCode.check, false, -1);
      w.string('/');
      if (isRead) w.bool(false);
      else w.int(-1);
    }
    writeMultiEnd(w);
  });
}

/** Multis in multis. */
function nested(random: SeededRandom): Buffer {
  const type = pick(random, [OpCode.multi, OpCode.multiRead]);
  return request(type, (w) => {
    for (let i = 0; i < MANY; i++) writeMultiHeader(w, type, false, -1);
    for (let i = 0; i < MANY; i++) writeMultiEnd(w);
  });
}

function longPath(random: SeededRandom): Buffer {
  const path = pick(random, ['/', '/a', '/.', '/..', '/\u00e4']).repeat(20_000);
  return request(pick(random, [OpCode.getData, OpCode.sync, OpCode.getEphemerals]), (w) => {
    w.string(path);
    w.bool(true);
  });
}

const deep: Make = (random) => framed(pick(random, [manyPaths, manyAcls, manyParts, nested, longPath])(random));

const brokenText: Make = (random) => {
  const text = Buffer.concat([Buffer.from('/a'), pick(random, BROKEN_UTF8), Buffer.from(random.oneIn(2) ? 'b' : '')]);
  const types = [OpCode.create, OpCode.exists, OpCode.getChildren, OpCode.setData, OpCode.addWatch, OpCode.sync];
  return framed(
    request(pick(random, types), (w) => {
      w.buffer(text);
      w.raw(random.bytes(random.below(30)));
    }),
  );
};

const unknown: Make = (random) => framed(request(random.below(300) - 20, (w) => w.raw(random.bytes(random.below(40)))));

const gone: Make = (random) => mutated(recorded(random), random);

/** By name, so that a failure can say what was sent. */
const WAYS: Readonly<Record<string, Make>> = {
  recorded,
  'truncated body': truncatedBody,
  'truncated frame': truncatedFrame,
  oversized,
  'negative count': oddCount(NEGATIVE_COUNTS),
  'huge count': oddCount(HUGE_COUNTS),
  deep,
  'broken UTF-8': brokenText,
  unknown,
  mutated: gone,
};

/** A connection's bytes: mostly a connect request, then frames of which some are good. */
export interface WildSpeech {
  readonly bytes: Buffer;
  readonly ways: readonly string[];
}

export function wildSpeech(random: SeededRandom): WildSpeech {
  const opening = connectRequest();
  const begin = random.oneIn(8) ? mutated(opening, random) : opening;
  const ways = Array.from({ length: 1 + random.below(8) }, () => pick(random, Object.keys(WAYS)));
  return { bytes: Buffer.concat([begin, ...ways.map((way) => (WAYS[way] as Make)(random))]), ways };
}
