// The process of `client`: a connection whose frames come from memory instead of a socket, so that the figures are of
// decoding, the cache and callbacks alone.
import { assert } from "@lightcone/abi";
import { connectionBuilder, type DbConnection, type Transport } from "@lightcone/sdk-client";
import { sampleMemory } from "../datastore/memory.ts";
import { answerParent, cpuMicros } from "../remote.ts";
import { FrameMaker, type Game, game, greeting } from "./player-table.ts";

export interface LoadResult {
  readonly seconds: number;
  readonly cpuMicrosPerRow: number;
  /** What the process holds in addition, once garbage is gone, on and outside of the heap. */
  readonly bytesPerRow: number;
  readonly rowBytes: number;
}

export interface UpdateResult {
  readonly changesPerSecond: number;
  readonly cpuMicrosPerChange: number;
  readonly changeCount: number;
}

export interface UpdateParams {
  readonly changesPerTransaction: number;
  readonly seconds: number;
}

export type ClientMethods = {
  load: { params: { readonly rowCount: number }; result: LoadResult };
  update: { params: UpdateParams; result: UpdateResult };
  /** Has an index built, which then follows; resolves with the milliseconds of CPU time that it took. */
  buildIndex: { params: null; result: number };
};

/** Changes that are encoded before the clock runs. */
const changesPerRound = 20_000;

let giveFrame: (frame: Uint8Array) => void = () => undefined;
let connection: DbConnection<Game> | undefined;
let versions = new Uint32Array(0);
let nextId = 0;
const noBytes = new Uint8Array(0);
let firstRows: Uint8Array = noBytes;

const transport: Transport = {
  open: (_, events) => {
    giveFrame = (frame) => events.frame(frame);
    queueMicrotask(() => giveFrame(new FrameMaker().frame(greeting)));
    return { send: () => undefined, close: () => undefined };
  },
  createTokenStore: () => ({ get: () => undefined, set: () => undefined }),
};

async function load({ rowCount }: { readonly rowCount: number }): Promise<LoadResult> {
  connection = connectionBuilder(game)
    .withUri("http://memory")
    .withDatabaseName("game")
    .withTransport(transport)
    .build();
  await connection.connected;
  const { applied } = connection.subscribe("SELECT * FROM player");
  versions = new Uint32Array(rowCount);
  const bytesBefore = liveBytes();
  const rowBytes = prepareFirstRows() / rowCount;
  const [start, cpuBefore] = [performance.now(), cpuMicros()];
  giveFrame(firstRows);
  await applied;
  const seconds = (performance.now() - start) / 1000;
  const cpu = cpuMicros() - cpuBefore;
  assert(connection.db.player.count() === rowCount, "verification failed: rows are missing");
  firstRows = noBytes;
  const bytesPerRow = (liveBytes() - bytesBefore) / rowCount;
  return { seconds, cpuMicrosPerRow: cpu / rowCount, bytesPerRow, rowBytes };
}

/** Answers how many bytes the rows have. Nothing else that this takes may be there when memory is measured. */
function prepareFirstRows(): number {
  const maker = new FrameMaker();
  const rows = maker.players(versions.keys(), () => 0);
  const tables = [{ table: "player", rows }];
  firstRows = maker.frame({ kind: "subscribeApplied", requestId: 1, querySetId: 1, tables });
  return rows.data.length;
}

function liveBytes(): number {
  const { heapBytes, bufferBytes } = sampleMemory();
  return heapBytes + bufferBytes;
}

const maker = new FrameMaker();

/** Transactions that replace rows all over the table, encoded. */
function nextFrames(changesPerTransaction: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  // Frames are views of one buffer: as buffers of their own, all alive at once, they would be garbage that is collected
  // while the clock runs, and no socket leaves so many behind.
  let round = new Uint8Array(0);
  let length = 0;
  const keep = (frame: Uint8Array): void => {
    const frameCount = changesPerRound / changesPerTransaction;
    // No row has twice the length of another one.
    if (frames.length === 0) round = new Uint8Array(2 * frame.length * frameCount);
    round.set(frame, length);
    frames.push(round.subarray(length, length + frame.length));
    length += frame.length;
  };
  for (let count = 0; count < changesPerRound; count += changesPerTransaction) {
    const ids = Array.from({ length: changesPerTransaction }, () => {
      // A prime steps through all rows without an order that memory would like.
      nextId = (nextId + 7_368_787) % versions.length;
      return nextId;
    });
    const deletes = maker.players(ids, (id) => versions[id] as number);
    for (const id of ids) versions[id] = (versions[id] as number) + 1;
    const inserts = maker.players(ids, (id) => versions[id] as number);
    const tables = [{ table: "player", rows: [{ kind: "persistent" as const, inserts, deletes }] }];
    keep(maker.frame({ kind: "transactionUpdate", querySets: [{ querySetId: 1, tables }] }));
  }
  return frames;
}

function update({ changesPerTransaction, seconds }: UpdateParams): UpdateResult {
  assert(connection !== undefined, "nothing is loaded");
  let toldCount = 0;
  const stop = connection.db.player.onUpdate(() => toldCount++);
  let [elapsedMs, cpu, changeCount] = [0, 0, 0];
  // The first rounds are for the compiler.
  for (let round = -3; elapsedMs < seconds * 1000; round++) {
    const frames = nextFrames(changesPerTransaction);
    const [start, cpuBefore] = [performance.now(), cpuMicros()];
    for (const frame of frames) giveFrame(frame);
    if (round < 0) continue;
    elapsedMs += performance.now() - start;
    cpu += cpuMicros() - cpuBefore;
    changeCount += frames.length * changesPerTransaction;
  }
  stop();
  assert(toldCount >= changeCount, "verification failed: changes were not told");
  const { x } = connection.db.player.find({ id: BigInt(nextId) }) ?? {};
  assert(x === nextId + (versions[nextId] as number), "verification failed: a row is stale");
  const changesPerSecond = changeCount / (elapsedMs / 1000);
  return { changesPerSecond, cpuMicrosPerChange: cpu / changeCount, changeCount };
}

function buildIndex(): number {
  assert(connection !== undefined, "nothing is loaded");
  const before = cpuMicros();
  const found = connection.db.player.index.byRoomAndScore.filter(1);
  assert(found.length > 0, "verification failed: the index is empty");
  return (cpuMicros() - before) / 1000;
}

answerParent<ClientMethods>({ load, update, buildIndex });
