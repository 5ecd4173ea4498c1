// Imports that tell who calls whom (abi.md section 5.8).
import { Errno, present } from "@lightcone/abi";
import { systemTableId } from "../../datastore/system-tables.ts";
import type { CallContext } from "../context.ts";
import { readName } from "./datastore-read.ts";
import type { ReadSet } from "../read-set.ts";
import type { ImportFunctions } from "./link.ts";

const ok = 0;
const utf8 = new TextEncoder();

/** A view that looks at a token depends on its connection's row. */
function recordCredentialsRead(context: CallContext, reads: ReadSet, key: Uint8Array): void {
  const { schema } = context.datastore.catalog.table(systemTableId.connectionCredentials);
  const index = present(schema.indexes[0], "the index by connection");
  const handle = present(context.datastore.indexById(index.id), index.name);
  reads.point(handle, key, 0, key.length);
}

/** The database's identity, the caller's token, immediate schedules. */
export function callerImports(context: CallContext): ImportFunctions {
  return {
    identity(out: number): void {
      const at = context.memory.range(out, 32);
      const { buffer, byteOffset } = context.environment.databaseIdentity;
      context.memory.write(at, new DataView(buffer, byteOffset, 32), 0, 32);
    },
    get_jwt(connectionId: number, out: number): number {
      if (context.tx === undefined) return Errno.notInTransaction;
      const at = context.memory.range(connectionId, 16);
      const { catalog } = context.datastore;
      const key = context.memory.bytes().slice(at, at + 16);
      if (context.reads !== undefined) recordCredentialsRead(context, context.reads, key);
      const row = catalog.findRow(systemTableId.connectionCredentials, 0, key);
      let source = 0;
      if (row >= 0) {
        const payload = catalog.row(systemTableId.connectionCredentials, row)["jwt_payload"];
        const bytes = utf8.encode(payload as string);
        source = context.sources.open(bytes, 0, bytes.length);
      }
      context.memory.setU32(out, source);
      return ok;
    },
    volatile_nonatomic_schedule_immediate(
      name: number,
      nameLength: number,
      args: number,
      argsLength: number,
    ): void {
      if (!context.isStarted) context.trap("start-up code may not schedule calls");
      const functionName = readName(context, name, nameLength);
      const at = context.memory.range(args, argsLength);
      const copy = context.memory.bytes().slice(at, at + (argsLength >>> 0));
      if (context.environment.scheduleImmediately(functionName, copy)) return;
      context.trap(`too many immediate calls wait: there is no room for one of ${functionName}`);
    },
  };
}
