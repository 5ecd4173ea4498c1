// The bank in this process, without server and sockets, on a real directory.
import { ConnectionId, Identity, Writer } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import {
  admitCall,
  type Client,
  DatabaseService,
  makeClient,
  nodeDisk,
  runCall,
  type SealedSlab,
  systemClock,
  systemPause,
} from "@lightcone/host/engine";
import { accountCount, firstBalance } from "./settings.ts";

/** The database and its owner. */
export const bankIdentity: Identity = Identity.fromClaims("localhost", "bench");

/** An open bank and a client of it. */
export interface Bank {
  readonly service: DatabaseService;
  readonly client: Client;
}

/**
 * A published and seeded bank in `directory`, all of it durable. Frames for clients with a socket
 * go to `deliver`.
 */
export async function openBank(
  directory: string,
  deliver: (slab: SealedSlab) => void,
): Promise<Bank> {
  const fail = (reason: string): never => {
    throw new Error(`the bank cut off a client: ${reason}`);
  };
  const service = await DatabaseService.open({
    identity: bankIdentity,
    disk: nodeDisk(directory),
    clock: systemClock,
    schedule: queueMicrotask,
    pause: systemPause,
    watch: { begin: () => undefined, end: () => undefined },
    delivery: {
      deliver,
      closeSocket: (_socket, _code, reason) => fail(reason),
      dropSocket: () => fail("it may not connect"),
      failed: (error) => {
        throw error;
      },
    },
  });
  await service.publish(readWasm("bank"), bankIdentity);
  const client = makeClient(0, bankIdentity, new ConnectionId(1n), "{}", true);
  service.database.connect(client);
  const bank = { service, client };
  const args = new Writer();
  args.u32(accountCount);
  args.i64(BigInt(firstBalance));
  if (!callCommits(bank, "seed", args.memory, 0, args.length)) throw new Error("seed failed");
  service.endTurn();
  await service.database.log.flush();
  return bank;
}

/**
 * Calls a reducer with `args[start, end)`, checked as those of any client are, and says whether it
 * was committed.
 */
export function callCommits(
  { service, client }: Bank,
  name: string,
  args: Uint8Array,
  start: number,
  end: number,
): boolean {
  const { module, parts } = service.database;
  const reducer = admitCall(module, client, name, args, start, end);
  if ("kind" in reducer) throw new Error(`${name} was refused: ${reducer.message}`);
  return runCall(parts, module, reducer, client, args, start, end).kind === "committed";
}
