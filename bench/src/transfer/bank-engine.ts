// The bank in this process, without server and sockets, on a real directory.
import { readFileSync } from "node:fs";
import { ConnectionId, Identity, LightconeError, Writer, writeCallReducer } from "@lightcone/abi";
import { wasmPath } from "@lightcone/fixtures/wasm";
import {
  admitCall,
  DatabaseService,
  nodeDisk,
  runCall,
  type SealedSlab,
  type ServiceCaller,
  systemClock,
} from "@lightcone/host/engine";
import { accountCount, firstBalance } from "./settings.ts";

/** Whose database it is. */
export const bankIdentity: Identity = Identity.fromClaims("localhost", "bench");

const caller: ServiceCaller = {
  identity: bankIdentity,
  connectionId: new ConnectionId(1n),
  jwtPayload: "{}",
};

/** The one client. */
export const socket = 1;

function encodeSeed(): Uint8Array {
  const writer = new Writer();
  writer.u32(accountCount);
  writer.i64(BigInt(firstBalance));
  return writer.finish();
}

/**
 * A published and seeded bank in `directory`, with one client that wants confirmed answers; all of it durable. Frames for the
 * client go to `deliver`.
 */
export async function openBank(
  directory: string,
  deliver: (slab: SealedSlab) => void,
): Promise<DatabaseService> {
  const fail = (reason: string): never => {
    throw new Error(`the bank's only client lost its connection: ${reason}`);
  };
  const service = await DatabaseService.open({
    identity: bankIdentity,
    disk: nodeDisk(directory),
    clock: systemClock,
    schedule: queueMicrotask,
    watch: { begin: () => undefined, end: () => undefined },
    delivery: {
      deliver,
      closeSocket: (_socket, _code, reason) => fail(reason),
      dropSocket: () => fail("dropped"),
      failed: (error: LightconeError) => {
        throw error;
      },
    },
  });
  await service.publish(readFileSync(wasmPath("bank")), bankIdentity);
  service.connect(socket, caller, "", true);
  const message = new Writer();
  writeCallReducer(message, 0, "seed", encodeSeed());
  service.receive(socket, message.memory, 0, message.length);
  service.endTurn();
  await service.database.log.flush();
  return service;
}

/** Calls `transfer` and says whether it was committed. */
export type TransferCall = (args: Uint8Array, start: number, end: number) => boolean;
