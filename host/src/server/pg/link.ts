// A client's database, from the server's thread: requests to the database's thread, refusals back as faults.
import { LightconeError } from "@lightcone/abi";
import type { CallerData } from "../channel.ts";
import type { PgAsk, PgDatabase, PgRequestName, PgRequests } from "./contract.ts";
import { PgFault, pgFaultOf } from "./fault.ts";

type Value<Name extends PgRequestName> = Extract<
  PgRequests[Name]["result"],
  { kind: "ok" }
>["value"];

/** Connects a client. `onEnd` is called once it is no more, also when it was refused. */
export async function connectPgClient(
  ask: PgAsk,
  connection: number,
  caller: CallerData,
  onEnd: () => void,
): Promise<PgDatabase> {
  const request = async <Name extends PgRequestName>(
    name: Name,
    params: PgRequests[Name]["params"],
  ): Promise<Value<Name>> => {
    const answer = await ask(name, params).catch(threadFault);
    if (answer.kind === "ok") return answer.value;
    throw new PgFault(answer.fault.sqlState, answer.fault.message);
  };
  /** For what nobody waits for: a thread that is gone has forgotten the client. */
  const tell = (name: "pgCancel" | "pgDisconnect"): void => {
    request(name, { connection }).catch(() => undefined);
  };
  try {
    await request("pgConnect", { connection, caller });
  } catch (thrown) {
    onEnd();
    throw thrown;
  }
  return {
    describe: (text, types) => request("pgDescribe", { connection, text, types }),
    execute: (execution) => request("pgExecute", { connection, ...execution }),
    fetch: (cursor, rowMax) => request("pgFetch", { connection, cursor, rowMax }),
    closeCursor: async (cursor) => {
      await request("pgCloseCursor", { connection, cursor });
    },
    catalog: () => request("pgCatalog", { connection }),
    cancel: () => {
      tell("pgCancel");
    },
    disconnect: () => {
      onEnd();
      tell("pgDisconnect");
    },
  };
}

/** The thread has ended, and with it the client's connection. */
function threadFault(thrown: unknown): never {
  if (!(thrown instanceof LightconeError)) throw pgFaultOf(thrown);
  throw new PgFault("57P01", `terminating connection: ${thrown.message}`);
}
