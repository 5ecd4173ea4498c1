// A new client's session, in the dialect that it speaks.
import { unreachable } from "@lightcone/abi";
import type { Client } from "../database/client.ts";
import type { Cause, Session, SessionContext } from "./context.ts";
import { frameStyle, type WireChoice } from "./frame-style.ts";
import { makeAddress } from "./outbox.ts";
import type { TableForm } from "./table-form.ts";
import { v1Bsatn } from "./v1/bsatn.ts";
import type { V1Encoding } from "./v1/encoding.ts";
import { v1Json } from "./v1/json.ts";
import { V1Session } from "./v1/session.ts";
import { V2Session, v2Tables } from "./v2/session.ts";

/** Makes the sessions of one database. */
export class SessionFactory {
  readonly #context: SessionContext;
  readonly #v2Tables: TableForm;
  readonly #bsatn: V1Encoding;
  readonly #json: V1Encoding;

  constructor(context: SessionContext, cause: Cause) {
    this.#context = context;
    this.#v2Tables = v2Tables(context.database.parts.evaluator);
    this.#bsatn = v1Bsatn(context.database, cause);
    this.#json = v1Json(context.database, cause);
  }

  open(client: Client, isConfirmed: boolean, wire: WireChoice): Session {
    const socket = client.subscriber.id;
    const style = frameStyle(wire);
    switch (wire.protocol) {
      case "v3.bsatn.spacetimedb":
      case "v2.bsatn.spacetimedb": {
        const isBatched = wire.protocol === "v3.bsatn.spacetimedb";
        const address = makeAddress(socket, isConfirmed, style);
        return new V2Session(this.#context, client, address, this.#v2Tables, isBatched);
      }
      case "v1.bsatn.spacetimedb":
      case "v1.json.spacetimedb": {
        const encoding = wire.protocol === "v1.json.spacetimedb" ? this.#json : this.#bsatn;
        const updates = wire.light ? encoding.light : encoding.full;
        const address = makeAddress(socket, isConfirmed, style, updates);
        return new V1Session(this.#context, client, address, encoding);
      }
      default:
        return unreachable(wire.protocol);
    }
  }
}
