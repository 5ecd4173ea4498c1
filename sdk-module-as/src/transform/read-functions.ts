// Functions with @reducer and its kin: context, parameters, result.
import {
  type DecoratorNode,
  type FunctionDeclaration,
  plainParameter,
  type Range,
  type Source,
  type TypeNode,
} from "../compiler.ts";
import { decoratorName, isNamedType, typeText } from "./ast.ts";
import type { Faults } from "./fault.ts";
import type {
  FunctionKind,
  FunctionModel,
  LifecycleName,
  Parameter,
  RouteModel,
  TypeModel,
} from "./model.ts";
import type { Names } from "./names.ts";
import { readOptions } from "./options.ts";
import { nameParts, type TypeResolver } from "./resolve-type.ts";

interface Mark {
  readonly kind: FunctionKind;
  readonly lifecycle?: LifecycleName;
  readonly contexts: readonly string[];
}

const marks: Readonly<Record<string, Mark>> = {
  reducer: { kind: "reducer", contexts: ["ReducerContext"] },
  init: { kind: "reducer", lifecycle: "init", contexts: ["ReducerContext"] },
  clientConnected: {
    kind: "reducer",
    lifecycle: "clientConnected",
    contexts: ["ReducerContext"],
  },
  clientDisconnected: {
    kind: "reducer",
    lifecycle: "clientDisconnected",
    contexts: ["ReducerContext"],
  },
  view: { kind: "view", contexts: ["ViewContext", "AnonymousViewContext"] },
  procedure: { kind: "procedure", contexts: ["ProcedureContext"] },
  httpHandler: { kind: "httpHandler", contexts: ["HandlerContext"] },
};

const methods: readonly string[] = [
  "ANY",
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
];

const unit: TypeModel = { kind: "unit" };

/** Whether a function has a decorator of this package, and so a model. */
export function isMarked(node: FunctionDeclaration): boolean {
  return (node.decorators ?? []).some((each) => Object.hasOwn(marks, decoratorName(each)));
}

/** Reads the functions of one compilation. */
export class FunctionReader {
  readonly #names: Names;
  readonly #resolver: TypeResolver;
  readonly #faults: Faults;

  constructor(names: Names, resolver: TypeResolver, faults: Faults) {
    this.#names = names;
    this.#resolver = resolver;
    this.#faults = faults;
  }

  /** The model of a function for which `isMarked` holds; undefined where it is too wrong for one. */
  read(source: Source, node: FunctionDeclaration): FunctionModel | undefined {
    const decorators = (node.decorators ?? []).filter((each) =>
      Object.hasOwn(marks, decoratorName(each)),
    );
    const [decorator] = decorators;
    const kinds = new Set(decorators.map(decoratorName));
    const mark = decorator && marks[decoratorName(decorator)];
    if (decorator === undefined || mark === undefined) return undefined;
    if (kinds.size > 1) {
      this.#faults.add(
        node.name.range,
        `Function '${node.name.text}' is both @${[...kinds].join(" and @")}`,
        "Keep one of them, and call a function that both share",
      );
      return undefined;
    }
    if (node.typeParameters !== null && node.typeParameters.length > 0) {
      this.#faults.add(
        node.name.range,
        `Function '${node.name.text}' has type parameters`,
        "Callers cannot choose types: write one function per type",
      );
      return undefined;
    }
    const context = this.#context(source, node, mark, decorator);
    if (context === undefined) return undefined;
    return this.#model(source, node, mark, decorators, context);
  }

  #model(
    source: Source,
    node: FunctionDeclaration,
    mark: Mark,
    decorators: readonly DecoratorNode[],
    context: string,
  ): FunctionModel | undefined {
    const routes: RouteModel[] = [];
    let [explicitName, primaryKey]: (string | undefined)[] = [];
    for (const each of decorators) {
      if (mark.kind === "httpHandler") routes.push(...this.#route(each));
      else if (mark.kind === "view") {
        const options = readOptions(each, { name: "text", primaryKey: "name" }, this.#faults);
        [explicitName, primaryKey] = [options.text("name"), options.text("primaryKey")];
      } else {
        explicitName = readOptions(each, { name: "text" }, this.#faults).text("name");
      }
    }
    const params = this.#params(source, node, mark);
    const result = this.#result(source, node, mark);
    if (params === undefined || result === undefined) return undefined;
    return {
      kind: mark.kind,
      name: node.name.text,
      explicitName,
      source,
      declaration: node,
      range: node.name.range,
      lifecycle: mark.lifecycle,
      params,
      ...result,
      isAnonymous: context === "AnonymousViewContext",
      primaryKey,
      routes,
    };
  }

  #context(
    source: Source,
    node: FunctionDeclaration,
    mark: Mark,
    decorator: DecoratorNode,
  ): string | undefined {
    const [first] = node.signature.parameters;
    const found = first === undefined ? undefined : this.#libraryName(source, first.type);
    if (found !== undefined && mark.contexts.includes(found)) return found;
    this.#faults.add(
      first?.range ?? node.name.range,
      `The first parameter of @${decoratorName(decorator)} '${node.name.text}' is no ${mark.contexts.join(" or ")}`,
      `Write function ${node.name.text}(ctx: ${mark.contexts[0]}, …), and import it from the library`,
    );
    return undefined;
  }

  #libraryName(source: Source, type: TypeNode): string | undefined {
    if (!isNamedType(type) || type.isNullable) return undefined;
    const meaning = this.#names.meaning(source, nameParts(type));
    return meaning?.kind === "library" ? meaning.name : undefined;
  }

  #params(source: Source, node: FunctionDeclaration, mark: Mark): Parameter[] | undefined {
    const rest = node.signature.parameters.slice(1);
    const name = node.name.text;
    if (mark.kind === "httpHandler") return this.#handlerParams(source, node);
    const [second] = rest;
    if (second !== undefined && (mark.lifecycle !== undefined || mark.kind === "view")) {
      this.#faults.add(
        second.range,
        `${mark.kind === "view" ? "View" : "Lifecycle reducer"} '${name}' has parameters`,
        "Keep the context alone: nobody passes arguments",
      );
      return undefined;
    }
    const params: Parameter[] = [];
    for (const each of rest) {
      if ((each.parameterKind as number) !== plainParameter || each.initializer !== null) {
        this.#faults.add(
          each.range,
          `Parameter '${each.name.text}' is optional`,
          "Callers pass every argument: use Option<T> for what may be missing",
        );
      }
      const type = this.#resolver.resolve(source, each.type);
      if (type?.kind === "query") {
        this.#faults.add(each.range, "A query cannot be an argument", "Return it from a view");
      } else if (type !== undefined) {
        params.push({ name: each.name.text, type });
      }
    }
    return params.length === rest.length ? params : undefined;
  }

  #handlerParams(source: Source, node: FunctionDeclaration): Parameter[] | undefined {
    const [, request, ...others] = node.signature.parameters;
    const isRequest =
      request !== undefined && this.#libraryName(source, request.type) === "HttpRequest";
    if (isRequest && others.length === 0) return [];
    this.#faults.add(
      request?.range ?? node.name.range,
      `HTTP handler '${node.name.text}' does not take the request`,
      "Write (ctx: HandlerContext, request: HttpRequest): HttpResponse",
    );
    return undefined;
  }

  #result(
    source: Source,
    node: FunctionDeclaration,
    mark: Mark,
  ): { returns: TypeModel; canFail: boolean } | undefined {
    const { returnType } = node.signature;
    const isVoid = typeText(returnType) === "void" || typeText(returnType) === "";
    if (mark.kind === "reducer") {
      const canFail = this.#isReducerResult(source, returnType);
      if (isVoid || canFail) return { returns: unit, canFail };
      this.#faults.add(
        returnType.range,
        `Reducer '${node.name.text}' returns ${typeText(returnType)}`,
        "Return void or ReducerResult; a value for the caller is returned by a @procedure",
      );
      return undefined;
    }
    if (mark.kind === "httpHandler") {
      if (this.#libraryName(source, returnType) === "HttpResponse") {
        return { returns: unit, canFail: false };
      }
      this.#faults.add(
        returnType.range,
        `HTTP handler '${node.name.text}' returns no HttpResponse`,
        "Write : HttpResponse",
      );
      return undefined;
    }
    if (isVoid && mark.kind === "procedure") return { returns: unit, canFail: false };
    const returns = isVoid ? unit : this.#resolver.resolve(source, returnType);
    if (returns === undefined) return undefined;
    if (mark.kind === "view") return this.#viewResult(node, returns);
    if (returns.kind !== "query") return { returns, canFail: false };
    this.#faults.add(returnType.range, "A query cannot be a result", "Return it from a view");
    return undefined;
  }

  #isReducerResult(source: Source, type: TypeNode): boolean {
    if (this.#libraryName(source, type) === "ReducerResult") return true;
    if (this.#libraryName(source, type) !== "Result") return false;
    const resolved = this.#resolver.resolve(source, type);
    return (
      resolved?.kind === "result" &&
      resolved.ok.kind === "unit" &&
      resolved.err.kind === "primitive" &&
      resolved.err.primitive === "string"
    );
  }

  #viewResult(
    node: FunctionDeclaration,
    returns: TypeModel,
  ): { returns: TypeModel; canFail: boolean } | undefined {
    const row =
      returns.kind === "option"
        ? returns.some
        : returns.kind === "array"
          ? returns.element
          : returns;
    const isRow = row.kind === "named" && row.type.kind === "product" && row !== returns;
    if (isRow || returns.kind === "query") return { returns, canFail: false };
    this.#faults.add(
      node.signature.returnType.range,
      `View '${node.name.text}' returns no rows`,
      "Return T | null, T[] or Query<T>, where T is a class with @table or @struct",
    );
    return undefined;
  }

  #route(decorator: DecoratorNode): RouteModel[] {
    const options = readOptions(decorator, { method: "text", path: "text" }, this.#faults);
    const [method, path] = [options.text("method") ?? "ANY", options.text("path")];
    const fail = (range: Range | undefined, rule: string, fix: string): RouteModel[] => {
      this.#faults.add(range ?? decorator.range, rule, fix);
      return [];
    };
    if (path === undefined) {
      return fail(undefined, "An HTTP handler has no path", 'Write path: "/hello"');
    }
    if (!/^(\/[a-z0-9\-_~/]*)?$/.test(path)) {
      return fail(
        options.range("path"),
        `Path '${path}' is not possible`,
        "Paths start with / and have small letters, digits, -, _, ~ and /",
      );
    }
    if (!methods.includes(method.toUpperCase())) {
      return fail(
        options.range("method"),
        `Method '${method}' is unknown`,
        `Methods are: ${methods.join(", ")}`,
      );
    }
    const capital = method.toUpperCase();
    return [{ method: capital === "ANY" ? undefined : capital, path }];
  }
}
