// From numbers to families: what the server's thread has counted, and what open databases tell of themselves.
import type { CallStatsData } from "../../database/call-stats.ts";
import type { DatabaseStats } from "../../database/stats.ts";
import type { ThreadStats } from "../channel.ts";
import type { OpenStats } from "../contract.ts";
import type { Services } from "../router.ts";
import { type Families, makeFamilies } from "./families.ts";
import { type Metrics, noDatabase } from "./metrics.ts";
import type { Family } from "./prometheus.ts";
import type { SocketCounts } from "./socket-counts.ts";

/** How long a database may take to tell its numbers: one that is busy must not keep Prometheus waiting. */
const answerMillisMax = 1000;

/** All metrics as they are now. Databases that sleep are not woken. */
export async function collectMetrics({
  control,
  databases,
  metrics,
}: Services): Promise<readonly Family[]> {
  const records = control.databases();
  const known = new Set(records.map(({ identity }) => identity.toHex()));
  metrics.keep((identity) => known.has(identity));
  const open = await databases.stats(answerMillisMax);
  const families = makeFamilies();
  families.databases.add({}, records.length);
  families.threads.add({}, open.size);
  addAnswers(families, metrics);
  for (const [identity, counts] of metrics.databases) addSockets(families, identity, counts);
  for (const [identity, stats] of open) addOpen(families, identity, stats);
  return Object.values(families);
}

function addAnswers({ answers }: Families, metrics: Metrics): void {
  for (const [route, counts] of metrics.answers) {
    const labels = { method: route?.method ?? "", route: route?.path ?? "" };
    for (const [status, count] of counts) answers.add({ ...labels, status }, count);
  }
}

function addSockets(families: Families, identity: string, counts: SocketCounts): void {
  const db = { db: identity };
  families.httpBytes.add(db, counts.httpBytes);
  const labels = { database_identity: identity };
  for (const [cause, count] of counts.rejected)
    families.rejections.add({ ...labels, cause }, count);
  if (identity === noDatabase) return;
  // Nobody has come by WebSocket so far.
  if (counts.opened === 0) return;
  families.connected.add(labels, counts.open);
  families.opened.add(labels, counts.opened);
  families.closed.add(labels, counts.opened - counts.open);
  families.aborted.add(labels, counts.ended.get("transport") ?? 0);
  families.idle.add(labels, counts.ended.get("idle_timeout") ?? 0);
  for (const [cause, count] of counts.ended) families.ends.add({ ...labels, cause }, count);
  for (const [protocol, received] of counts.received) {
    families.requests.add({ ...labels, protocol }, received.count);
    families.requestSizes.addHistogram({ ...labels, protocol }, received.sizes.read());
  }
  families.roundTrips.addHistogram(db, counts.roundTrips.read());
  families.outgoing.add(db, counts.outgoingCount);
  families.outgoingFull.add(db, counts.ended.get("outgoing_queue_full") ?? 0);
  families.sentBytes.add(db, counts.sentBytes);
}

function addOpen(families: Families, identity: string, { queues, stats }: OpenStats): void {
  const db = { db: identity };
  families.incoming.add(db, queues.messages);
  families.operations.add({ database_identity: identity }, queues.messages + queues.requests);
  families.isAnswering.add(db, stats === undefined ? 0 : 1);
  if (stats === undefined) return;
  addThread(families, identity, stats);
  addTables(families, identity, stats.database);
  for (const { name, ...calls } of stats.database.reducers) {
    addCalls(families, identity, stats.database.programHash, name, calls);
  }
}

function addThread(
  families: Families,
  identity: string,
  { database, thread, watches, logBytes }: ThreadStats,
): void {
  const db = { db: identity };
  const labels = { database_identity: identity };
  families.queries.add(labels, database.queryCount);
  families.sets.add(labels, watches.setCount);
  families.watching.add(labels, watches.clientCount);
  families.listeners.add(labels, database.listenerCount);
  families.matched.add(db, database.matchedQueryCount);
  families.logBytes.add(db, logBytes);
  families.moduleMemory.add(labels, database.moduleMemoryBytes);
  families.energy.add(db, database.energyUnits);
  families.nextOffset.add(db, database.nextOffset);
  families.durableOffset.add(db, database.durableOffset);
  families.logWaiting.add(db, database.logWaitingBytes);
  families.heapUsed.add(db, thread.heapUsedBytes);
  families.heapTotal.add(db, thread.heapTotalBytes);
  families.external.add(db, thread.externalBytes);
  families.busy.add(db, thread.activeMillis / 1000);
}

function addTables(families: Families, identity: string, { tables }: DatabaseStats): void {
  for (const table of tables) {
    const labels = { db: identity, table_id: table.id, table_name: table.name };
    families.rows.add(labels, table.rowCount);
    families.tableBytes.add(labels, table.byteCount);
    families.inserted.add(labels, table.insertedCount);
    families.deleted.add(labels, table.deletedCount);
  }
}

function addCalls(
  families: Families,
  identity: string,
  programHash: string,
  reducer: string,
  calls: CallStatsData,
): void {
  const labels = { db: identity, txn_type: "Reducer", reducer };
  families.transactions.add({ ...labels, committed: "true" }, calls.committed);
  const undone = calls.failed + calls.fatal + calls.outOfEnergy;
  families.transactions.add({ ...labels, committed: "false" }, undone);
  families.elapsed.addHistogram(labels, calls.durations);
  families.durations.addHistogram({ db: identity, reducer }, calls.durations);
  families.reducerEnergy.add({ db: identity, reducer }, calls.energyUnits);
  const ofModule = {
    database_identity: identity,
    module_hash: programHash,
    reducer_symbol: reducer,
  };
  families.fatal.add(ofModule, calls.fatal + calls.outOfEnergy);
  families.failed.add(ofModule, calls.failed);
}
