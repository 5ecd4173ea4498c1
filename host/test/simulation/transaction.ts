// One random transaction, done by the datastore and by the model alike.
import { present } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import type { TxData } from "../../src/datastore/delta.ts";
import type { Table } from "../../src/datastore/table.ts";
import type { Transaction } from "../../src/datastore/tx.ts";
import type { RecordInputs } from "../../src/log/contract.ts";
import { newTable } from "../datastore/tables.ts";
import { expect, schemaText } from "./check.ts";
import type { Engine, Machine } from "./engine.ts";
import { type DrawnValue, type History, type MadeTable, ModelTable } from "./model.ts";
import { isUserTable, randomShape, type Row, type Shape } from "./shape.ts";
import type { Tally } from "./tally.ts";

const tableCountMax = 5;
/** Rows above which a table is rather emptied than filled. */
const rowCountHigh = 60;
/** More than a sequence reserves at once. */
const longDrawCount = 4100;

/** What a machine and its model have in common while the machine runs. */
export interface Life {
  readonly engine: Engine;
  readonly machine: Machine;
  readonly history: History;
  readonly tables: Map<string, ModelTable>;
  /** Ids of tables by name. */
  readonly ids: Map<string, number>;
  /** Whether a transaction inserts or deletes one row, all of one length, so that commits are as well. */
  readonly isUniform: boolean;
  /** Values that sequences gave, as `<table id> <value>`; those of rolled back transactions too. */
  readonly drawn: Set<string>;
}

/** A transaction under way. */
class Attempt {
  readonly #life: Life;
  readonly #rng: Rng;
  readonly #tx: Transaction;
  readonly made: MadeTable[] = [];
  readonly drawn: DrawnValue[] = [];
  writeCount = 0;

  constructor(life: Life, rng: Rng, tx: Transaction) {
    this.#life = life;
    this.#rng = rng;
    this.#tx = tx;
  }

  makeTable(): void {
    const { engine, machine, tables, ids, history, isUniform } = this.#life;
    const name = `t${tables.size}x${history.entries.length}`;
    const shape = randomShape(this.#rng, name, isUniform);
    const table = engine.createTable(machine.datastore, this.#tx, newTable(shape.sketch));
    const id = table.schema.id;
    expect(
      this.made.every((other) => other.id !== id) && ![...ids.values()].includes(id),
      `the id ${id} of a new table is taken`,
    );
    this.made.push({ shape, id, schema: schemaText(table.schema) });
    tables.set(name, new ModelTable(shape));
    ids.set(name, id);
  }

  /** One random write. */
  write(): void {
    const rng = this.#rng;
    const model = rng.pick([...this.#life.tables.values()]);
    const { shape } = model;
    const table = this.#tableOf(shape);
    const isFull = model.rows.size > rowCountHigh;
    this.writeCount++;
    if (this.#life.isUniform) {
      if (isFull || rng.nextBelow(3) === 0) this.#delete(table, model);
      else this.#insert(table, model);
      return;
    }
    const action = rng.nextBelow(40);
    if (action === 0 || (isFull && action < 3)) {
      const [count, expected] = [this.#tx.clear(table), model.clear()];
      expect(count === expected, `clear of ${shape.name}: ${count}, not ${expected}`);
    } else if (action < 22 && !isFull) {
      this.#insert(table, model);
    } else if (action < 32 && shape.unique.length > 0) {
      this.#update(table, model);
    } else {
      this.#delete(table, model);
    }
  }

  /** Draws so many values that the sequence must reserve more; leaves no row. False if none is there. */
  drawLong(): boolean {
    const models = [...this.#life.tables.values()];
    const model = models.find(({ shape }) => shape.sequenceColumn >= 0);
    if (model === undefined) return false;
    const table = this.#tableOf(model.shape);
    for (let i = 0; i < longDrawCount; i++) {
      const row = this.#insert(table, model);
      if (row !== undefined) this.#deleteRow(table, model, row);
    }
    return true;
  }

  #tableOf(shape: Shape): Table {
    const id = present(this.#life.ids.get(shape.name), "the id of a table");
    const table = this.#life.machine.datastore.tableById(id);
    expect(table !== undefined, `table ${shape.name} is gone`);
    return table;
  }

  #insert(table: Table, model: ModelTable): Row | undefined {
    const { shape } = model;
    const given = this.#randomRow(model);
    const outcome = this.#tx.insert(table, given.bytes, 0, given.bytes.length);
    const row = this.#withGenerated(table, shape, given);
    const expected = model.insert(row);
    expect(outcome === expected, `insert into ${shape.name}: ${outcome}, not ${expected}`);
    return outcome === "done" ? row : undefined;
  }

  #update(table: Table, model: ModelTable): void {
    const rng = this.#rng;
    const { shape } = model;
    const position = rng.nextBelow(shape.unique.length);
    const columns = shape.unique[position] as readonly number[];
    const at = table.schema.indexes.findIndex(
      (each) => each.isUnique && String(each.columns) === String(columns),
    );
    let given = this.#randomRow(model);
    if (model.rows.size > 0 && rng.nextBelow(4) > 0) {
      // A row that is there, with other values beside its key.
      const old = rng.pick([...model.rows.values()]);
      given = shape.rowOf(
        given.values.map((value, i) =>
          columns.includes(i) || i === shape.sequenceColumn ? old.values[i] : value,
        ),
      );
    }
    const index = present(table.indexes[at], "an index of a unique constraint");
    const outcome = this.#tx.update(table, index, given.bytes, 0, given.bytes.length);
    const row = this.#withGenerated(table, shape, given);
    const expected = model.update(position, row);
    expect(outcome === expected, `update of ${shape.name}: ${outcome}, not ${expected}`);
  }

  #delete(table: Table, model: ModelTable): void {
    if (model.rows.size === 0) return;
    this.#deleteRow(table, model, this.#rng.pick([...model.rows.values()]));
  }

  #deleteRow(table: Table, model: ModelTable, row: Row): void {
    const id = table.findRow(row.bytes, 0, row.bytes.length);
    expect(id >= 0, `a row of ${model.shape.name} is not found`);
    this.#tx.delete(table, id);
    model.delete(row);
  }

  /** A new row, or now and then one that is there. */
  #randomRow(model: ModelTable): Row {
    const rng = this.#rng;
    const isOld = model.rows.size > 0 && rng.nextBelow(8) === 0;
    return isOld ? rng.pick([...model.rows.values()]) : model.shape.randomRow(rng);
  }

  /** The row as it was written: with the value of the sequence, if that was asked for. */
  #withGenerated(table: Table, shape: Shape, given: Row): Row {
    const column = shape.sequenceColumn;
    const isAsked = column >= 0 && Number(given.values[column]) === 0;
    const { generated, generatedLength } = this.#tx;
    expect(generatedLength > 0 === isAsked, `${generatedLength} bytes were generated`);
    if (!isAsked) return given;
    let value = 0n;
    for (let i = generatedLength - 1; i >= 0; i--) {
      value = (value << 8n) | BigInt(generated[i] as number);
    }
    const name = `${table.schema.id} ${value}`;
    expect(!this.#life.drawn.has(name), `table ${shape.name} draws ${value} again`);
    this.#life.drawn.add(name);
    this.drawn.push({ tableId: table.schema.id, value });
    const drawnValue = typeof given.values[column] === "bigint" ? value : Number(value);
    return shape.rowOf(given.values.map((each, i) => (i === column ? drawnValue : each)));
  }
}

/** Runs a transaction of a few writes. Throws a Violation, or what the log throws. */
export function runTransaction(
  life: Life,
  rng: Rng,
  inputs: { readonly record: RecordInputs; readonly text: string },
  tally: Tally,
): void {
  const { datastore } = life.machine;
  const tx = datastore.begin();
  const attempt = new Attempt(life, rng, tx);
  const tableCount = life.tables.size;
  const isWanted = tableCount < (life.isUniform ? 1 : tableCountMax) && rng.nextBelow(24) === 0;
  if (tableCount === 0 || isWanted) attempt.makeTable();
  if (rng.nextBelow(3000) === 0 && attempt.drawLong()) {
    tally.count("sequences drawn beyond a block");
  }
  const writeCount = life.isUniform ? 1 : 1 + rng.nextBelow(5);
  for (let count = writeCount; count > 0; count--) attempt.write();
  tally.count("rows written", attempt.writeCount);
  if (rng.nextBelow(6) === 0) {
    datastore.rollBack(tx);
    for (const model of life.tables.values()) model.rollBack();
    for (const { shape } of attempt.made) {
      life.tables.delete(shape.name);
      life.ids.delete(shape.name);
    }
    tally.count("transactions rolled back");
    return;
  }
  const isCall = !life.isUniform && rng.nextBelow(3) > 0;
  commit(life, tx, attempt, isCall ? inputs : undefined);
  tally.count("transactions committed");
  tally.count("tables made", attempt.made.length);
}

function commit(
  { machine, history, tables, ids }: Life,
  tx: Transaction,
  { made, drawn }: Attempt,
  inputs: { readonly record: RecordInputs; readonly text: string } | undefined,
): void {
  const { datastore, log } = machine;
  const changes = [...tables.values()].flatMap((model) => model.commit() ?? []);
  const data = datastore.commit(tx);
  const userTables = (data?.tables ?? []).filter(({ tableId }) => isUserTable(tableId));
  expect(
    userTables.length === changes.length,
    `${userTables.length} tables changed, not ${changes.length}`,
  );
  for (const { shape, inserts, deletes } of changes) {
    const delta = userTables.find(({ tableId }) => tableId === ids.get(shape.name));
    const isSame = delta?.insertCount === inserts.length && delta.deleteCount === deletes.length;
    expect(isSame, `the net change of ${shape.name} is another`);
  }
  if (data !== undefined) {
    const { offset, text } = append(log, data, inputs);
    expect(offset === history.entries.length, `offset ${offset}, not ${history.entries.length}`);
    history.entries.push({ inputs: text, made, changes, drawn });
  }
  datastore.release(tx);
}

function append(
  log: Machine["log"],
  data: TxData,
  inputs: { readonly record: RecordInputs; readonly text: string } | undefined,
): { offset: number; text: string } {
  return { offset: log.append(inputs?.record, data.tables), text: inputs?.text ?? "" };
}
