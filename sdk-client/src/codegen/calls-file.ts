// The text of reducers.ts and procedures.ts, which differ in what a call answers.
import type { AlgebraicType } from "@lightcone/abi";
import type { BindingsModel, ProcedureModel, ReducerModel } from "./model.ts";
import { block, fileText, memberLengthMax, type PathOf, runtimeImport } from "./text.ts";
import {
  expressionText,
  fieldText,
  longExpression,
  type TypeScope,
  typeText,
} from "./type-text.ts";

interface CallsFile {
  readonly word: "reducer" | "procedure";
  /** Of the interface of functions, without `Db`. */
  readonly name: "Reducers" | "Procedures";
  readonly calls: readonly (ReducerModel | ProcedureModel)[];
}

export function reducersFile(model: BindingsModel, pathOf: PathOf): string {
  return callsFile(model, pathOf, { word: "reducer", name: "Reducers", calls: model.reducers });
}

export function proceduresFile(model: BindingsModel, pathOf: PathOf): string {
  const { procedures: calls } = model;
  return callsFile(model, pathOf, { word: "procedure", name: "Procedures", calls });
}

function callsFile({ types }: BindingsModel, pathOf: PathOf, file: CallsFile): string {
  const { word, name, calls } = file;
  const scope: TypeScope = {
    types: types.map(({ type }) => type),
    nameAt: (position) => `types.${types[position]?.name ?? ""}`,
  };
  const args = calls.flatMap((each) => argsInterface(word, each, scope));
  const callables = `/** The ${word}s, by the names that they have here: the type of \`connection.${word}s\`. */\n${block(
    `export interface Db${name} {`,
    calls.flatMap((each) => callLines(word, each, scope)),
    "}",
  )}`;
  const usesTypes = [...args, callables].some((text) => /\btypes\./u.test(text));
  const imports = [
    runtimeImport,
    ...(usesTypes ? [`import type * as types from ${pathOf("types")};`] : []),
  ];
  const schema = word === "reducer" ? "ReducerSchema" : "ProcedureSchema";
  return fileText(
    imports.join("\n"),
    ...args,
    callables,
    block(
      `export const ${word}Schemas: Readonly<Record<keyof Db${name}, sdk.${schema}>> = {`,
      calls.map((each) => block(`${each.accessor}: {`, schemaLines(each), "},")),
      "};",
    ),
  );
}

function argsInterface(
  word: CallsFile["word"],
  { name, argsName, params }: ReducerModel,
  scope: TypeScope,
): string[] {
  if (argsName === undefined) return [];
  const fields = params.elements.map((element) => fieldText(element, scope));
  const docs = `/** Arguments of the ${word} \`${name}\`. */`;
  return [`${docs}\n${block(`export interface ${argsName} {`, fields, "}")}`];
}

function returnTypeOf(call: ReducerModel | ProcedureModel): AlgebraicType | undefined {
  return "returns" in call ? call.returns : undefined;
}

// A property and not a method: `useCall(reducers.sendMessage)` passes it on without its object, which lint rules refuse
// for methods.
function callLines(
  word: CallsFile["word"],
  call: ReducerModel | ProcedureModel,
  scope: TypeScope,
): string[] {
  const { accessor, name, argsName } = call;
  const returns = returnTypeOf(call);
  const result = returns === undefined ? "sdk.CallResult" : typeText(returns, scope);
  const param = argsName === undefined ? "" : `args: ${argsName}`;
  const line = `readonly ${accessor}: (${param}) => Promise<${result}>;`;
  const isLong = param !== "" && line.length > memberLengthMax;
  return [
    `/** Calls the ${word} \`${name}\`. */`,
    ...(isLong ? [`readonly ${accessor}: (`, `  ${param},`, `) => Promise<${result}>;`] : [line]),
  ];
}

function schemaLines(call: ReducerModel | ProcedureModel): string[] {
  const returns = returnTypeOf(call);
  return [
    `name: ${JSON.stringify(call.name)},`,
    `params: ${longExpression(call.params)},`,
    ...(returns === undefined ? [] : [`returns: ${expressionText(returns)},`]),
  ];
}
