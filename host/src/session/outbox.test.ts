// What waits for the log: in which slabs it leaves, and that no frame leaves early, late or out of order.
import fc from "fast-check";
import { test } from "tap";
import { type Address, type LogProgress, makeAddress, Outbox } from "./outbox.ts";
import { openSlab, type SealedSlab } from "./slab.ts";

type Event =
  | { readonly kind: "frame"; readonly socket: number; readonly id: number }
  | { readonly kind: "close"; readonly socket: number };

/** Header and tag of a short binary frame. */
const extraBytes = 3;
const idBytes = 2;

/** A log that a test moves: at most one group is with the disk. */
class FakeLog implements LogProgress {
  nextOffset = 0;
  groupStart = 0;
  durableOffset = -1;

  get isFlying(): boolean {
    return this.durableOffset < this.groupStart - 1;
  }
}

/** An outbox, its log, and all that has left. */
class World {
  readonly log = new FakeLog();
  readonly left: Event[] = [];
  slabCount = 0;
  readonly outbox: Outbox;
  readonly #addresses = new Map<number, Address>();
  #lastId = 0;

  constructor() {
    this.outbox = new Outbox(this.log, {
      deliver: (slab) => {
        this.#deliver(slab);
      },
      closeSocket: (socket) => this.left.push({ kind: "close", socket }),
      dropSocket: () => undefined,
    });
  }

  #deliver(slab: SealedSlab): void {
    this.slabCount++;
    openSlab(slab, (socket, frames) => {
      for (let at = 0; at < frames.length; at += extraBytes + idBytes) {
        const id = (frames[at + extraBytes] ?? 0) + (frames[at + extraBytes + 1] ?? 0) * 256;
        this.left.push({ kind: "frame", socket, id });
      }
    });
  }

  address(socket: number, isConfirmed = true): Address {
    const address = this.#addresses.get(socket) ?? makeAddress(socket, isConfirmed);
    this.#addresses.set(socket, address);
    return address;
  }

  commit(): void {
    this.log.nextOffset++;
  }

  /** Sends a frame, whose number it returns. */
  send(address: Address): number {
    const id = ++this.#lastId;
    this.outbox.send(address, new Uint8Array([id, id >>> 8]), idBytes);
    return id;
  }

  /** A turn of one call. */
  call(socket: number): void {
    this.commit();
    this.send(this.address(socket));
    this.outbox.endTurn();
  }

  /** The log hands what it has gathered to the disk. */
  startGroup(): void {
    this.log.groupStart = this.log.nextOffset;
  }

  /** The disk has synced all but what is gathered. */
  sync(): void {
    this.log.durableOffset = this.log.groupStart - 1;
    this.outbox.onDurable(this.log.durableOffset);
  }

  /** The numbers of the frames that have left since this was asked last. */
  takeIds(): number[] {
    return this.left.splice(0).map((event) => (event.kind === "frame" ? event.id : -event.socket));
  }
}

void test("turns that wait for one sync leave in one slab", (t) => {
  const world = new World();
  world.call(1);
  world.call(2);
  world.startGroup();
  world.call(1);
  world.call(3);
  t.same(world.takeIds(), [], "nothing is durable");
  world.sync();
  t.same(world.takeIds(), [1, 2], "the second group is not");
  t.equal(world.slabCount, 1);
  world.startGroup();
  world.sync();
  t.same(world.takeIds(), [3, 4]);
  t.equal(world.slabCount, 2);
  t.end();
});

void test("an answer that tells of nothing new leaves with the group that is with the disk", (t) => {
  const world = new World();
  world.call(1);
  world.startGroup();
  world.send(world.address(2));
  world.outbox.endTurn();
  world.call(3);
  world.sync();
  t.same(world.takeIds(), [1, 2]);
  t.end();
});

void test("a socket ends after what it was sent, and what comes later is not kept for it", (t) => {
  const world = new World();
  world.call(1);
  world.outbox.close(world.address(1), 1000, "");
  world.outbox.endTurn();
  world.call(2);
  world.startGroup();
  world.sync();
  t.same(world.takeIds(), [1, -1, 2]);
  t.end();
});

void test("a socket that ends while others wait does not end with them", (t) => {
  const world = new World();
  world.call(1);
  world.startGroup();
  world.call(1);
  world.outbox.close(world.address(1), 1000, "");
  world.outbox.endTurn();
  world.sync();
  t.same(world.takeIds(), [1], "it has an answer to come");
  world.startGroup();
  world.sync();
  t.same(world.takeIds(), [2, -1]);
  t.end();
});

void test("an answer does not wait for what is committed in the turn that ends its socket", (t) => {
  const world = new World();
  world.call(1);
  world.startGroup();
  world.outbox.close(world.address(1), 1000, "");
  world.commit();
  world.outbox.endTurn();
  world.sync();
  t.same(world.takeIds(), [1]);
  world.startGroup();
  world.sync();
  t.same(world.takeIds(), [-1]);
  t.end();
});

void test("a part of a long answer comes after the turns before it", (t) => {
  const world = new World();
  world.call(1);
  const part = { length: idBytes, isFirst: true, isLast: true };
  world.outbox.sendPart(world.address(1), {
    ...part,
    fill: (target, at) => target.set([77, 0], at),
  });
  world.call(1);
  t.same(world.takeIds(), []);
  world.startGroup();
  world.sync();
  t.same(world.takeIds(), [1, 77, 2]);
  t.end();
});

void test("many turns of one group do not gather in one slab without end", (t) => {
  const world = new World();
  const address = world.address(1);
  world.commit();
  const bytes = new Uint8Array(10_000);
  for (let turn = 0; turn < 70; turn++) {
    world.outbox.send(address, bytes, bytes.length);
    world.outbox.endTurn();
  }
  world.startGroup();
  world.sync();
  t.equal(world.slabCount, 10, "seven turns of 10 kB are more than 64 KiB");
  t.end();
});

type Step = readonly [
  "send" | "commitAndSend" | "endTurn" | "close" | "startGroup" | "sync",
  number,
];

/** Each frame of a confirmed socket waits for what was committed when its turn ended. */
class Model {
  readonly expected: { readonly event: Event; offset: number | undefined }[] = [];
  /** Sockets that were closed: they are sent nothing more. */
  readonly closed = new Set<number>();

  endTurn(offset: number): void {
    for (const entry of this.expected) entry.offset ??= offset;
  }

  /** What must have left, and may have, by socket. */
  ofSocket(socket: number, durableOffset: number): Event[] {
    return this.expected
      .filter(
        ({ event, offset }) => event.socket === socket && (offset ?? Infinity) <= durableOffset,
      )
      .map(({ event }) => event);
  }
}

const socketCount = 3;

/** Runs a step; what happens to the log happens between turns. */
function take(world: World, model: Model, [kind, socket]: Step): void {
  const address = world.address(socket);
  const endTurn = (): void => {
    model.endTurn(world.log.nextOffset - 1);
    world.outbox.endTurn();
  };
  if (kind === "commitAndSend") world.commit();
  const isOpen = !model.closed.has(socket);
  if (isOpen && (kind === "send" || kind === "commitAndSend")) {
    const id = world.send(address);
    model.expected.push({ event: { kind: "frame", socket, id }, offset: undefined });
  } else if (isOpen && kind === "close") {
    model.closed.add(socket);
    world.outbox.close(address, 1000, "");
    model.expected.push({ event: { kind: "close", socket }, offset: undefined });
  } else if (kind !== "commitAndSend") {
    endTurn();
    if (kind === "startGroup" && !world.log.isFlying) world.startGroup();
    if (kind === "sync" && world.log.isFlying) world.sync();
  }
}

void test("no frame leaves before or after its turn is durable, and none overtakes another", (t) => {
  const kinds = ["send", "commitAndSend", "endTurn", "close", "startGroup", "sync"] as const;
  const step = fc.tuple(fc.constantFrom(...kinds), fc.integer({ min: 1, max: socketCount }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [world, model] = [new World(), new Model()];
      for (const one of steps) {
        take(world, model, one);
        for (let socket = 1; socket <= socketCount; socket++) {
          const left = world.left.filter((event) => event.socket === socket);
          const due = model.ofSocket(socket, world.log.durableOffset);
          if (JSON.stringify(left) !== JSON.stringify(due)) return false;
        }
      }
      return true;
    }),
    { numRuns: 2000 },
  );
  t.pass("2,000 runs");
  t.end();
});
