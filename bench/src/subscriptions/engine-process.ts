// The process of the cases without sockets: two worlds of different sizes in turns, so that both meet the machine in the same
// state.
import type { Timing } from "../contract.ts";
import { answerParent, cpuMicros } from "../remote.ts";
import { type GrowthKind, rowCount, socketCount, watcherCounts } from "./settings.ts";
import { ownerCount, WatchedTables } from "./watched-tables.ts";

export interface GrowthParams {
  readonly kind: GrowthKind;
  readonly timing: Timing;
}

/** What a transaction cost, in microseconds of CPU time, garbage collection included. */
export interface Cost {
  readonly cpuMicros: number;
  readonly transactionCount: number;
  /** Messages of each transaction: whether what should match did. */
  readonly messagesPerTransaction: number;
  /** Frames written for each transaction. */
  readonly encodingsPerTransaction: number;
}

export type EngineMethods = {
  /** The world with few subscriptions, and that with many. */
  growth: { params: GrowthParams; result: readonly Cost[] };
  semijoin: { params: { readonly timing: Timing }; result: Cost };
  fanOut: { params: { readonly timing: Timing }; result: Cost };
};

const transactionsPerTurn = 64;

/** Windows are short, so that worlds take turns often. */
const windowMillis = 100;

/** A world and what a transaction in it is. */
interface Contestant {
  readonly world: WatchedTables;
  readonly transact: (i: number) => void;
}

function watchAsOwners(world: WatchedTables, count: number, text: (i: number) => string): void {
  for (let i = 0; i < count; i++) world.watch(world.addClient(), 1, [text(i)]);
}

const ownerText = (): string => "SELECT * FROM cell WHERE owner = :sender";
const idText = (i: number): string => `SELECT * FROM cell WHERE id = ${i}`;
const rangeText = (i: number): string => `SELECT * FROM cell WHERE x >= ${i} AND x < ${i + 1}`;
const joinText = (i: number): string =>
  `SELECT item.* FROM player JOIN item ON player.id = item.player WHERE player.id = ${i}`;

/** One client whose queries are of all kinds. */
function watchManyQueries(world: WatchedTables, count: number): void {
  const client = world.addClient();
  const kinds = [idText, rangeText, joinText];
  const perSet = 100;
  for (let first = 0; first < count; first += perSet) {
    const texts = Array.from({ length: perSet }, (_, i) => {
      const number = first + i;
      return (kinds[number % kinds.length] ?? idText)(number);
    });
    world.watch(client, first, texts);
  }
}

/** The row that one subscription of either world watches, again and again with another `x`. */
const watchedCells = (i: number): number => (i % (rowCount / ownerCount)) * ownerCount;

function growthContestant(kind: GrowthKind, count: number): Contestant {
  const world = new WatchedTables(["cell", "player", "item"]);
  switch (kind) {
    case "owner":
      watchAsOwners(world, count, ownerText);
      return { world, transact: (i) => world.update("cell", watchedCells(i), rowCount + i) };
    case "queries":
      watchManyQueries(world, count);
      return { world, transact: (i) => world.update("cell", 0, rowCount + i) };
    case "ranges":
      watchAsOwners(world, count, rangeText);
      // Into the first range and out of it.
      return { world, transact: (i) => world.update("cell", 77_777, i % 2 === 0 ? 0 : rowCount) };
    case "joins":
      watchAsOwners(world, count, joinText);
      return { world, transact: (i) => world.update("item", 0, i) };
  }
}

class Meter {
  readonly #contestant: Contestant;
  readonly #before: { messages: number; encodings: number };
  #next = 0;
  #transactionCount = 0;
  #cpuMicros = 0;

  constructor(contestant: Contestant) {
    this.#contestant = contestant;
    this.#before = { ...contestant.world.sent };
  }

  run(millis: number): void {
    const { world, transact } = this.#contestant;
    const cpuBefore = cpuMicros();
    const first = this.#next;
    const end = performance.now() + millis;
    while (performance.now() < end) {
      for (let i = 0; i < transactionsPerTurn; i++) transact(this.#next++);
      world.endTurn();
    }
    this.#cpuMicros += cpuMicros() - cpuBefore;
    this.#transactionCount += this.#next - first;
  }

  get cost(): Cost {
    const { sent } = this.#contestant.world;
    return {
      cpuMicros: this.#cpuMicros / this.#transactionCount,
      transactionCount: this.#transactionCount,
      messagesPerTransaction: (sent.messages - this.#before.messages) / this.#transactionCount,
      encodingsPerTransaction: (sent.encodings - this.#before.encodings) / this.#transactionCount,
    };
  }
}

/** Runs contestants in turns and yields their costs. */
function compare(contestants: readonly Contestant[], timing: Timing): Cost[] {
  const during = (seconds: number): Meter[] => {
    const meters = contestants.map((each) => new Meter(each));
    const rounds = Math.max(1, Math.round((seconds * 1000) / windowMillis / contestants.length));
    for (let round = 0; round < rounds; round++)
      for (const meter of meters) meter.run(windowMillis);
    return meters;
  };
  during(timing.warmUpSeconds);
  return during(timing.windowSeconds).map(({ cost }) => cost);
}

/** Rows of `item` whose player is of one of the upper half of levels, while players change level and items change. */
function semijoinContestant(): Contestant {
  const world = new WatchedTables(["player", "item"]);
  const text = `SELECT item.* FROM player JOIN item ON player.id = item.player WHERE player.level >= ${rowCount / 2}`;
  world.watch(world.addClient(), 1, [text]);
  // A prime, so that all rows have their turn.
  const stride = 7919;
  return {
    world,
    transact: (i) => {
      const id = (i * stride) % rowCount;
      if (i % 2 === 0) world.update("item", id, i);
      else world.update("player", id, ((id + i) * stride) % rowCount);
    },
  };
}

function fanOutContestant(): Contestant {
  const world = new WatchedTables(["cell"]);
  watchAsOwners(world, socketCount, () => idText(0));
  return { world, transact: (i) => world.update("cell", 0, i) };
}

answerParent<EngineMethods>({
  growth: ({ kind, timing }) =>
    compare(
      watcherCounts.map((count) => growthContestant(kind, count)),
      timing,
    ),
  semijoin: ({ timing }) => compare([semijoinContestant()], timing)[0] as Cost,
  fanOut: ({ timing }) => compare([fanOutContestant()], timing)[0] as Cost,
});
