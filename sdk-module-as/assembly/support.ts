// What the generated code of a module uses of the library; nothing for the module itself.
export { Reader } from "./bytes/reader";
export { Writer } from "./bytes/writer";
export {
  beginCall,
  beginResult,
  endCall,
  QUERY_HEADER,
  readArguments,
  reducerCode,
  ROWS_HEADER,
  sendResult,
  VIEW_DONE,
} from "./call/call";
export { writeSink } from "./call/source";
export { handlerContext, procedureContext } from "./context/procedure-context";
export { ReducerContext, reducerContext } from "./context/reducer-context";
export { AnonymousViewContext, ViewContext } from "./context/view-context";
export { readBody } from "./http/client";
export { lookUpIndex, lookUpTable } from "./table/ids";
export { findRow, scanKey, scanRange, scanTable } from "./table/rows";
export { generated, scratch } from "./table/scratch";
export {
  clearRows,
  countRows,
  deleteByKey,
  deleteByRange,
  deleteRow,
  insertRow,
  tryInsertRow,
  tryUpdateRow,
  updateRow,
} from "./table/write";
