// Whether a run did what its figures say: its log holds each call that was counted, and no money
// came or went. The log is read twice, record by record and as the host recovers it, so that
// neither reading vouches for itself.
import type { Identity } from "@lightcone/abi";
import {
  Database,
  Datastore,
  decodeInputs,
  logDirectory,
  nodeDisk,
  type ReplayVisitor,
  scanLog,
  systemClock,
} from "@lightcone/host/engine";
import { accountCount, balanceSum } from "./settings.ts";

/** What clients or loops were told. */
export interface ToldCounts {
  readonly committedCount: number;
  readonly refusedCount: number;
}

/** A row of `account`: an id of 4 bytes, then the balance. */
const accountBytes = 12;
const balanceAt = 4;

const firstUserTableId = 4096;
const transferName = new TextEncoder().encode("transfer");

function balanceOf(bytes: Uint8Array, rowStart: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + rowStart, accountBytes);
  return view.getBigInt64(balanceAt, true);
}

/** Reads a bank's log without applying it. */
class LogAudit implements ReplayVisitor {
  /**
   * Rows carry no length; a new datastore knows the system tables', `account` is the bank's only
   * table.
   */
  readonly #systemTables = new Datastore();
  transferCount = 0;
  balanceSum = 0n;

  onTransaction(): void {
    // Only transactions with a call count.
  }

  onInputs(bytes: Uint8Array, start: number, end: number): void {
    const { name } = decodeInputs(bytes, start, end);
    if (Buffer.compare(name, transferName) === 0) this.transferCount++;
  }

  rowEnd(tableId: number, bytes: Uint8Array, start: number, end: number): number {
    if (tableId >= firstUserTableId) return start + accountBytes;
    return this.#systemTables.tableById(tableId)?.layout.rowEnd(bytes, start, end) ?? -1;
  }

  onInsert(tableId: number, bytes: Uint8Array, start: number): void {
    if (tableId >= firstUserTableId) this.balanceSum += balanceOf(bytes, start);
  }

  onDelete(tableId: number, bytes: Uint8Array, start: number): void {
    if (tableId >= firstUserTableId) this.balanceSum -= balanceOf(bytes, start);
  }

  onTruncate(): void {
    // The bank empties its table only before the first row.
  }

  onTransactionEnd(): void {
    // A transaction leaves nothing open.
  }
}

/** The rows and the sum of all balances of the bank in `directory`, after recovery. */
async function recoverAccounts(
  directory: string,
  identity: Identity,
): Promise<{ readonly rowCount: number; readonly balanceSum: bigint }> {
  const database = await Database.open({
    identity,
    disk: nodeDisk(directory),
    clock: systemClock,
    schedule: queueMicrotask,
    watch: { begin: () => undefined, end: () => undefined },
    updates: { onUpdates: () => undefined },
    logListener: {
      onDurable: () => undefined,
      onFailure: (error) => {
        throw error;
      },
    },
  });
  const table = database.parts.datastore.tableByName("account");
  if (table === undefined) throw new Error("the recovered bank has no accounts");
  let sum = 0n;
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    sum += balanceOf(table.rows.page(row), table.rows.start(row));
  }
  const { rowCount } = table;
  await database.close();
  return { rowCount, balanceSum: sum };
}

/** Throws if the closed database in `directory` does not bear out what was counted. */
export async function verifyBank(
  directory: string,
  identity: Identity,
  told: ToldCounts,
): Promise<void> {
  check("calls refused", told.refusedCount, 0);
  const audit = new LogAudit();
  await scanLog(nodeDisk(directory), logDirectory, audit);
  check("transfers in the log", audit.transferCount, told.committedCount);
  check("the sum of all balances in the log", audit.balanceSum, balanceSum);
  const recovered = await recoverAccounts(directory, identity);
  check("accounts recovered", recovered.rowCount, accountCount);
  check("the sum of all recovered balances", recovered.balanceSum, balanceSum);
}

function check(what: string, found: number | bigint, expected: number | bigint): void {
  if (found !== expected) {
    throw new Error(`verification failed: ${what}: ${found}, expected ${expected}`);
  }
}
