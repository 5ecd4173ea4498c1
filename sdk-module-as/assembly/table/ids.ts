// Ids of tables and indexes, looked up once per instance by the generated code.
import * as sys from "../sys";
import { refused } from "./errno";
import { out, scratch } from "./scratch";

export function lookUpTable(name: string): u32 {
  scratch.clear();
  scratch.text(name);
  const status = sys.table_id_from_name(<u32>scratch.pointer, scratch.length, <u32>out);
  if (status != 0) refused("looking up table", name, status);
  return load<u32>(out);
}

export function lookUpIndex(name: string): u32 {
  scratch.clear();
  scratch.text(name);
  const status = sys.index_id_from_name(<u32>scratch.pointer, scratch.length, <u32>out);
  if (status != 0) refused("looking up index", name, status);
  return load<u32>(out);
}
