import { test } from "tap";
import { GuestMemory, Trap } from "./guest-memory.ts";
import { type Provocation, provocations } from "./provocation.ts";
import { Streams } from "./streams.ts";

interface Stage {
  readonly memory: GuestMemory;
  readonly streams: Streams;
  readonly breaches: string[];
}

const [at, lengthAt] = [1024, 512];

function stage(changes: Partial<Provocation> = {}): Stage {
  const breaches: string[] = [];
  const [calm] = provocations as [Provocation, ...Provocation[]];
  const streams = new Streams({ ...calm, ...changes }, breaches);
  streams.enter();
  return { memory: new GuestMemory(new WebAssembly.Memory({ initial: 1 })), streams, breaches };
}

const rows = [1, 2, 3, 4, 5].map((value) => Uint8Array.of(value, value));

/** One advance with room for `capacity` bytes: the status, the length, the bytes. */
function advance({ memory, streams }: Stage, handle: number, capacity = 100): unknown[] {
  memory.writeU32(lengthAt, capacity);
  const status = streams.advance(memory, handle, at, lengthAt);
  const length = memory.readU32(lengthAt);
  return status > 0 ? [status, length] : [status, [...memory.read(at, length)]];
}

function readSource({ memory, streams }: Stage, handle: number, capacity = 100): unknown[] {
  memory.writeU32(lengthAt, capacity);
  const status = streams.readSource(memory, handle, at, lengthAt);
  return [status, [...memory.read(at, memory.readU32(lengthAt))]];
}

void test("rows come in whole chunks, the last with -1", (t) => {
  const all = stage();
  t.same(advance(all, all.streams.openIterator(rows)), [-1, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]]);
  t.same(advance(all, all.streams.openIterator([])), [-1, []]);
  const single = stage({ rowsOfChunk: () => 1, chunksPerAdvance: 1 });
  const handle = single.streams.openIterator(rows.slice(0, 2));
  t.same(advance(single, handle), [0, [1, 1]]);
  t.same(advance(single, handle), [-1, [2, 2]]);
  const growing = stage({ rowsOfChunk: (chunk) => 2 ** chunk });
  const grown = growing.streams.openIterator(rows);
  t.same(advance(growing, grown, 1), [11, 2]);
  t.same(advance(growing, grown, 3), [0, [1, 1]]);
  t.same(advance(growing, grown, 3), [11, 4]);
  t.same(advance(growing, grown, 4), [0, [2, 2, 3, 3]]);
  t.same(advance(growing, grown, 4), [-1, [4, 4, 5, 5]]);
  t.same([all.breaches, single.breaches, growing.breaches], [[], [], []]);
  t.end();
});

void test("sources and sinks go in pieces", (t) => {
  const cut = stage({ sourceBytesMax: 2, sinkBytesMax: 3 });
  const source = cut.streams.openSource(Uint8Array.of(1, 2, 3));
  t.equal(cut.streams.sourceLength(cut.memory, source, at), 0);
  t.equal(cut.memory.readU32(at), 3);
  t.same(readSource(cut, source), [0, [1, 2]]);
  t.same(readSource(cut, source), [-1, [3]]);
  t.equal(cut.streams.sourceLength(cut.memory, source, at), 8);
  t.equal(cut.streams.openSource(new Uint8Array(0)), 0);
  const sink = cut.streams.openSink();
  cut.memory.write(at, Uint8Array.of(9, 8, 7, 6));
  cut.memory.writeU32(lengthAt, 4);
  t.equal(cut.streams.writeSink(cut.memory, sink, at, lengthAt), 0);
  t.equal(cut.memory.readU32(lengthAt), 3);
  t.same([...cut.streams.sunk(sink)], [9, 8, 7]);
  t.same(cut.breaches, []);
  t.end();
});

void test("what a guest must not do is noted", (t) => {
  const cases: readonly (readonly [RegExp, (each: Stage) => unknown])[] = [
    [
      /iterator 1 is left open/,
      ({ streams }) => {
        streams.openIterator(rows);
        streams.leave(false);
      },
    ],
    [
      /iterator 1 is read after its end/,
      (each) => {
        each.streams.openIterator(rows);
        advance(each, 1);
        t.equal(each.streams.advance(each.memory, 1, at, lengthAt), 6);
      },
    ],
    [
      /iterator 1 is closed after its end/,
      (each) => {
        each.streams.openIterator(rows);
        advance(each, 1);
        t.equal(each.streams.closeIterator(1), 6);
      },
    ],
    [
      /iterator 1 is closed after its end/,
      ({ streams }) => {
        streams.openIterator(rows);
        streams.closeIterator(1);
        streams.closeIterator(1);
      },
    ],
    [
      /source 0 is read/,
      (each) => {
        each.streams.readSource(each.memory, 0, at, lengthAt);
      },
    ],
    [
      /source 1 is read after its end/,
      (each) => {
        each.streams.openSource(Uint8Array.of(1));
        readSource(each, 1);
        each.streams.readSource(each.memory, 1, at, lengthAt);
      },
    ],
    [
      /sink 5 does not exist/,
      ({ memory, streams }) => {
        streams.writeSink(memory, 5, at, lengthAt);
      },
    ],
  ];
  for (const [breach, run] of cases) {
    const each = stage();
    run(each);
    t.match(each.breaches, [breach]);
    t.equal(each.breaches.length, 1);
  }
  t.end();
});

void test("a call within a call has handles of its own; after a trap nothing is noted", (t) => {
  const { streams, breaches } = stage();
  streams.openIterator(rows);
  streams.enter();
  streams.openIterator(rows);
  streams.leave(false);
  t.same(breaches, ["iterator 2 is left open"]);
  t.equal(streams.closeIterator(1), 0, "that of the outer call is still there");
  streams.openIterator(rows);
  streams.leave(true);
  t.equal(breaches.length, 1);
  t.end();
});

void test("no access outside of the memory, nor through null", (t) => {
  const { memory } = stage();
  t.throws(() => memory.read(0, 0), Trap);
  t.throws(() => memory.read(65_535, 2), Trap);
  t.throws(() => memory.writeU32(-1, 1), Trap);
  memory.grow();
  t.same([...memory.read(65_535, 2)], [0, 0]);
  memory.write(at, Uint8Array.of(0xff));
  t.throws(() => memory.readText(at, 1), /not UTF-8/);
  t.end();
});
