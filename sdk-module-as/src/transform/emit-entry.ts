// Generated code of the module's exports: what the host calls, and which function of the module that is.
import { definitionBytes, ofKind, viewsOf } from "./definition.ts";
import { type CodecEmitter, typeName } from "./emit-codec.ts";
import type { FunctionModel, ModuleModel } from "./model.ts";

const callParams =
  "id: u32, s0: u64, s1: u64, s2: u64, s3: u64, c0: u64, c1: u64, micros: i64, args: u32, sink: u32";

/** The text behind the imports of the generated entry file. */
export function emitEntry(model: ModuleModel, codec: CodecEmitter): string {
  const { functions } = model;
  const definition = definitionBytes(model);
  const parts = [
    `const definition: usize = memory.data<u8>([${[...definition].join(", ")}]);`,
    exported("__describe_module__(sink: u32): void", [
      `writeSink(sink, definition, ${definition.length});`,
    ]),
    emitReducers(functions, codec),
  ];
  const procedures = ofKind(functions, "procedure");
  if (procedures.length > 0) parts.push(emitProcedures(procedures, functions, codec));
  for (const isAnonymous of [false, true]) {
    const views = viewsOf(functions, isAnonymous);
    if (views.length > 0) parts.push(emitViews(views, functions, isAnonymous, codec));
  }
  const handlers = ofKind(functions, "httpHandler");
  if (handlers.length > 0) parts.push(emitHandlers(handlers, functions));
  return parts.join("\n");
}

/** What a function of the module is called in the generated entry. */
export function functionAlias(functions: readonly FunctionModel[], each: FunctionModel): string {
  return `f${functions.indexOf(each)}`;
}

function exported(signature: string, lines: readonly string[]): string {
  return [`export function ${signature} {`, ...lines.map((line) => `  ${line}`), "}"].join("\n");
}

// Everything between begin and end; `cases` are expressions by number, whose value is the code.
function dispatch(lead: readonly string[], cases: readonly string[]): string[] {
  return [
    "const outer = beginCall();",
    ...lead,
    "let code = -1;",
    "switch (id) {",
    ...cases.map((value, id) => `  case ${id}: { code = ${value}; break; }`),
    "  default:",
    "}",
    "endCall(outer);",
    "return code;",
  ];
}

function argumentsOf(each: FunctionModel, codec: CodecEmitter): string {
  return ["ctx", ...each.params.map(({ type }) => codec.read(type))].join(", ");
}

function emitReducers(functions: readonly FunctionModel[], codec: CodecEmitter): string {
  const reducers = ofKind(functions, "reducer");
  const bodies = reducers.map((each, id) => {
    const call = `${functionAlias(functions, each)}(${argumentsOf(each, codec)})`;
    return [
      `function reducer${id}(ctx: ReducerContext, r: Reader, sink: u32): i32 {`,
      each.canFail ? `  return reducerCode(${call}, sink);` : `  ${call};\n  return 0;`,
      "}",
    ].join("\n");
  });
  const lead = [
    "const ctx = reducerContext(s0, s1, s2, s3, c0, c1, micros);",
    "const r = readArguments(args);",
  ];
  const cases = reducers.map((_, id) => `reducer${id}(ctx, r, sink)`);
  return [...bodies, exported(`__call_reducer__(${callParams}): i32`, dispatch(lead, cases))].join(
    "\n",
  );
}

function emitProcedures(
  procedures: readonly FunctionModel[],
  functions: readonly FunctionModel[],
  codec: CodecEmitter,
): string {
  const bodies = procedures.map((each, id) => {
    const call = `${functionAlias(functions, each)}(${argumentsOf(each, codec)})`;
    const send = [
      `  const value = ${call};`,
      "  const w = beginResult();",
      `  ${codec.write(each.returns, "value")}`,
      "  sendResult(sink);",
    ];
    const isUnit = each.returns.kind === "unit";
    return [
      `function procedure${id}(ctx: ProcedureContext, r: Reader, sink: u32): i32 {`,
      ...(isUnit ? [`  ${call};`] : send),
      "  return 0;",
      "}",
    ].join("\n");
  });
  const lead = [
    "const ctx = procedureContext(s0, s1, s2, s3, c0, c1, micros);",
    "const r = readArguments(args);",
  ];
  const cases = procedures.map((_, id) => `procedure${id}(ctx, r, sink)`);
  return [
    ...bodies,
    exported(`__call_procedure__(${callParams}): i32`, dispatch(lead, cases)),
  ].join("\n");
}

function emitViews(
  views: readonly FunctionModel[],
  functions: readonly FunctionModel[],
  isAnonymous: boolean,
  codec: CodecEmitter,
): string {
  const context = isAnonymous ? "AnonymousViewContext" : "ViewContext";
  const prefix = isAnonymous ? "anonymousView" : "view";
  const bodies = views.map((each, id) => {
    const call = `${functionAlias(functions, each)}(ctx)`;
    return [
      `function ${prefix}${id}(ctx: ${context}, sink: u32): i32 {`,
      `  const value = ${call};`,
      "  const w = beginResult();",
      ...viewResult(each, codec).map((line) => `  ${line}`),
      "  sendResult(sink);",
      "  return VIEW_DONE;",
      "}",
    ].join("\n");
  });
  const cases = views.map((_, id) => `${prefix}${id}(ctx, sink)`);
  const signature = isAnonymous
    ? "__call_view_anon__(id: u32, args: u32, sink: u32): i32"
    : "__call_view__(id: u32, s0: u64, s1: u64, s2: u64, s3: u64, args: u32, sink: u32): i32";
  const made = isAnonymous
    ? "new AnonymousViewContext()"
    : "new ViewContext(new Identity(s0, s1, s2, s3))";
  return [...bodies, exported(signature, dispatch([`const ctx = ${made};`], cases))].join("\n");
}

// A header, then an array of rows in each case but that of a query (abi.md 7.4).
function viewResult({ returns }: FunctionModel, codec: CodecEmitter): string[] {
  if (returns.kind === "query") return ["w.u8(QUERY_HEADER);", codec.write(returns, "value")];
  if (returns.kind !== "option") return ["w.u8(ROWS_HEADER);", codec.write(returns, "value")];
  const isSome = returns.boxed ? "value.isSome" : "changetype<usize>(value) != 0";
  const some = returns.boxed ? "value.value" : `changetype<${typeName(returns.some)}>(value)`;
  return [
    "w.u8(ROWS_HEADER);",
    `w.u32(${isSome} ? 1 : 0);`,
    `if (${isSome}) {`,
    `  const row = ${some};`,
    `  ${codec.write(returns.some, "row")}`,
    "}",
  ];
}

function emitHandlers(
  handlers: readonly FunctionModel[],
  functions: readonly FunctionModel[],
): string {
  const bodies = handlers.map((each, id) =>
    [
      `function handler${id}(ctx: HandlerContext, request: HttpRequest): HttpResponse {`,
      `  return ${functionAlias(functions, each)}(ctx, request);`,
      "}",
    ].join("\n"),
  );
  const lead = [
    "const ctx = handlerContext(micros);",
    "const request = HttpRequest.read(readArguments(args));",
    "request.body = readBody(body);",
  ];
  const cases = handlers.map((_, id) => `sendResponse(handler${id}(ctx, request), sink, bodySink)`);
  const send = [
    "function sendResponse(response: HttpResponse, sink: u32, bodySink: u32): i32 {",
    "  response.write(beginResult());",
    "  sendResult(sink);",
    "  writeSink(bodySink, response.body.dataStart, response.body.length);",
    "  return 0;",
    "}",
  ].join("\n");
  const signature =
    "__call_http_handler__(id: u32, micros: i64, args: u32, body: u32, sink: u32, bodySink: u32): i32";
  return [...bodies, send, exported(signature, dispatch(lead, cases))].join("\n");
}
