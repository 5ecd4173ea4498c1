// Pieces of memory against a model: whoever has one has it alone.
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { Arena } from "./arena.ts";

const pieceBytes = 64;

/** Pieces that were taken, each with the number that it is filled with. */
class Holders {
  readonly arena = new Arena(pieceBytes);
  readonly #rng: Rng;
  readonly #taken = new Map<number, number>();

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  get count(): number {
    return this.#taken.size;
  }

  take(): void {
    const place = this.arena.take();
    const mark = this.#rng.nextBelow(256);
    this.arena.piece(place).fill(mark);
    this.#taken.set(place, mark);
  }

  give(): void {
    const place = this.#rng.pick([...this.#taken.keys()]);
    this.#taken.delete(place);
    this.arena.give(place);
  }

  /** Pieces that do not hold what they were filled with, or are not where their block says. */
  get wrong(): number[] {
    return [...this.#taken].flatMap(([place, mark]) => {
      const piece = this.arena.piece(place);
      const block = this.arena.blockBytes(place);
      const view = this.arena.blockView(place);
      const isRight =
        piece.length === pieceBytes &&
        piece.every((byte) => byte === mark) &&
        block[piece.byteOffset] === mark &&
        view.getUint8(piece.byteOffset + pieceBytes - 1) === mark;
      return isRight ? [] : [place];
    });
  }

  /** Bytes of the blocks that have pieces. */
  get blockBytes(): number {
    const buffers = new Set([...this.#taken.keys()].map((place) => this.arena.blockBytes(place)));
    return [...buffers].reduce((total, { length }) => total + length, 0);
  }
}

void test("no two pieces overlap, and a block without pieces is gone", async (t) => {
  for (const seed of testSeeds(10)) {
    const rng = new Rng(seed);
    const holders = new Holders(rng);
    for (let step = 0; step < 2000; step++) {
      // It grows and shrinks in turns.
      const isTaken = rng.nextBelow(10) < (step % 1000 < 600 ? 8 : 2);
      if (isTaken || holders.count === 0) holders.take();
      else holders.give();
      if (step % 50 !== 0) continue;
      t.same(holders.wrong, [], `seed ${seed} step ${step}`);
      t.equal(holders.arena.byteLength, holders.blockBytes, `seed ${seed} step ${step}: bytes`);
    }
    while (holders.count > 0) holders.give();
    t.equal(holders.arena.byteLength, 0);
  }
});

void test("blocks grow with what is held, so that little is held for nothing", async (t) => {
  const arena = new Arena(pieceBytes);
  const places: number[] = [];
  for (let count = 1; count <= 10_000; count++) {
    places.push(arena.take());
    const most = Math.max(pieceBytes * count * 1.25, pieceBytes);
    if (arena.byteLength > most) t.fail(`${arena.byteLength} bytes for ${count} pieces`);
  }
  const blocks = new Set(places.map((place) => arena.blockBytes(place)));
  t.ok(blocks.size < 60, `${blocks.size} blocks`);
  t.notOk(arena.isSparse);
  for (const place of places.slice(1000)) arena.give(place);
  const left = arena.byteLength;
  t.ok(left < 2 * 1000 * pieceBytes, `${left} bytes are left`);
  t.throws(() => arena.blockBytes(places.at(-1) as number), /was not taken/);
});

void test("an arena is sparse when few pieces of many are taken", async (t) => {
  const arena = new Arena(pieceBytes);
  const places = Array.from({ length: 4000 }, () => arena.take());
  const scattered = places.filter((_, i) => i % 5 !== 0);
  for (const place of scattered) arena.give(place);
  t.ok(arena.isSparse);
  for (let count = 0; count < scattered.length; count++) arena.take();
  t.notOk(arena.isSparse, "and is not any more when they are taken again");
});
