// A page with the store of persisted rows alone, whose steps a test takes one by one.
import { StoredRows } from "../../../src/persist/stored-rows.ts";

Object.assign(globalThis, { StoredRows });
