// A client in a test: one of an embedded database, whose subscriptions remember what changed.
import type { ConnectionId, Identity, ProductValue, Value } from "@lightcone/abi";
import type { CallResult, EmbeddedClient } from "../embedded/client.ts";
import type { Fields } from "../embedded/field-codec.ts";
import type { TableChange } from "../embedded/row-set.ts";
import type { EmbeddedSubscription } from "../embedded/subscription.ts";
import type {
  CallArguments,
  ModuleTypes,
  ReducerName,
  RowOf,
  TableName,
} from "../embedded/types.ts";

export class TestSubscription<M extends ModuleTypes> {
  readonly #inner: EmbeddedSubscription<M>;
  #changes: TableChange[] = [];

  constructor(inner: EmbeddedSubscription<M>) {
    this.#inner = inner;
    inner.onChange((changes) => {
      this.#changes.push(...changes);
    });
  }

  get isActive(): boolean {
    return this.#inner.isActive;
  }

  /** The rows of a table or view that its queries select. Throws LC_TABLE_UNKNOWN. */
  rows<Name extends TableName<M>>(table: Name): RowOf<M, Name>[] {
    return this.#inner.rows(table);
  }

  /** What changed since this was last asked, in order: one entry for each transaction and table. */
  changes(): TableChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  async unsubscribe(): Promise<void> {
    await this.#inner.unsubscribe();
  }
}

export class TestClient<M extends ModuleTypes> {
  readonly #inner: EmbeddedClient<M>;

  constructor(inner: EmbeddedClient<M>) {
    this.#inner = inner;
  }

  get identity(): Identity {
    return this.#inner.identity;
  }

  get connectionId(): ConnectionId {
    return this.#inner.connectionId;
  }

  get isConnected(): boolean {
    return this.#inner.isConnected;
  }

  /** See `EmbeddedClient.call`. All other clients' subscriptions show what it committed, too, when this resolves. */
  async call<Name extends ReducerName<M>>(
    name: Name,
    ...args: CallArguments<M, Name>
  ): Promise<CallResult> {
    return this.#inner.call(name, ...args);
  }

  /** See `EmbeddedClient.callProcedure`. One that sleeps goes on when the test lets time pass. */
  async callProcedure(name: string, args?: Fields): Promise<Value> {
    return this.#inner.callProcedure(name, args);
  }

  /** Watches queries together; resolves when their rows are there. Rejects with LC_SUBSCRIPTION. */
  async subscribe(...queries: string[]): Promise<TestSubscription<M>> {
    return new TestSubscription(await this.#inner.subscribe(...queries));
  }

  /** See `EmbeddedClient.rows`. */
  rows<Name extends TableName<M>>(table: Name): RowOf<M, Name>[] {
    return this.#inner.rows(table);
  }

  /** See `EmbeddedClient.sql`. */
  async sql(text: string): Promise<ProductValue[]> {
    return this.#inner.sql(text);
  }

  async disconnect(): Promise<void> {
    await this.#inner.disconnect();
  }
}
