// A database with a module in this process, without server and sockets, on a real directory.
import { ConnectionId, type Identity, identityFromClaims } from "@lightcone/abi";
import { readWasm, type WasmName } from "@lightcone/fixtures/wasm";
import {
  admitCall,
  type Client,
  DatabaseService,
  makeClient,
  type ModuleLimits,
  nodeDisk,
  runCall,
  type SealedSlab,
  systemClock,
  systemPause,
  systemTimers,
} from "@lightcone/host/engine";

/** The database and its owner. */
export const engineIdentity: Identity = identityFromClaims("localhost", "bench");

/** An open database and a client of it. */
export interface Engine {
  readonly service: DatabaseService;
  readonly client: Client;
}

/**
 * A published module in `directory`. Frames for clients with a socket go to `deliver`.
 */
export async function openEngine(
  directory: string,
  moduleName: WasmName,
  deliver: (slab: SealedSlab) => void,
  modules: ModuleLimits = {},
): Promise<Engine> {
  const fail = (reason: string): never => {
    throw new Error(`the database cut off a client: ${reason}`);
  };
  const service = await DatabaseService.open({
    identity: engineIdentity,
    disk: nodeDisk(directory),
    clock: systemClock,
    schedule: queueMicrotask,
    pause: systemPause,
    modules,
    timers: systemTimers,
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
  await service.publish(readWasm(moduleName), engineIdentity);
  const client = makeClient(0, engineIdentity, new ConnectionId(1n), "{}", true);
  service.database.connect(client);
  return { service, client };
}

/**
 * Calls a reducer with `args[start, end)`, checked as those of any client are, and says whether it
 * was committed.
 */
export function callCommits(
  { service, client }: Engine,
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
