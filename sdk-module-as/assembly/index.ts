// What modules import.
export * from "./index-of-types";
export { HttpClient } from "./http/client";
export { HandlerContext, ProcedureContext, Tx } from "./context/procedure-context";
export { ReducerContext } from "./context/reducer-context";
export { SenderAuth } from "./context/sender-auth";
export { AnonymousViewContext, ViewContext } from "./context/view-context";
export { Column, Condition, JoinCondition, Query } from "./query/query";
export { RowIter } from "./table/rows";
export { InsertError } from "./table/write";
