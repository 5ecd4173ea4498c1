// Whether a run did what its figures say: its log holds each call that was counted, and no money
// came or went. The log is read twice, record by record and as the host recovers it, so that
// neither reading vouches for itself.
import type { Identity } from "@lightcone/abi";
import {
  Database,
  Datastore,
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

/** How the inputs of a logged transfer begin: with the reducer's name and its length. */
const transferStart = Buffer.from("\u0008transfer");

/** Reads balances; those of one page or one read lie in the same memory. */
class BalanceReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);

  /** Any balance of the bank is far below what a number holds exactly. */
  read(bytes: Uint8Array, rowStart: number): number {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const at = rowStart + balanceAt;
    return this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }
}

/** Reads a bank's log without applying it. */
class LogAudit implements ReplayVisitor {
  /** Rows carry no length; a new datastore knows system tables, `account` is the bank's only one. */
  readonly #systemTables = new Datastore();
  readonly #balances = new BalanceReader();
  transferCount = 0;
  balanceSum = 0;

  onTransaction(): void {
    // Only transactions with a call count.
  }

  onInputs(bytes: Uint8Array, start: number): void {
    if (transferStart.every((byte, i) => bytes[start + i] === byte)) this.transferCount++;
  }

  rowEnd(tableId: number, bytes: Uint8Array, start: number, end: number): number {
    if (tableId >= firstUserTableId) return start + accountBytes;
    return this.#systemTables.tableById(tableId)?.layout.rowEnd(bytes, start, end) ?? -1;
  }

  onInsert(tableId: number, bytes: Uint8Array, start: number): void {
    if (tableId >= firstUserTableId) this.balanceSum += this.#balances.read(bytes, start);
  }

  onDelete(tableId: number, bytes: Uint8Array, start: number): void {
    if (tableId >= firstUserTableId) this.balanceSum -= this.#balances.read(bytes, start);
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
): Promise<{ readonly rowCount: number; readonly balanceSum: number }> {
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
  const balances = new BalanceReader();
  let sum = 0;
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    sum += balances.read(table.rows.page(row), table.rows.start(row));
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

function check(what: string, found: number, expected: number): void {
  if (found !== expected) {
    throw new Error(`verification failed: ${what}: ${found}, expected ${expected}`);
  }
}
