// The rules for what can be called: reducers, procedures, views, HTTP handlers and their routes
// (module-def.md section 7).
import { type AlgebraicType, type ProductType, specialKind, type Typespace } from "../sats/type.ts";
import type { Lifecycle, ModuleDef, ViewDef } from "./def.ts";
import { duplicates, nameFaults, useFaults } from "./fault.ts";

/** Every fault of reducers, procedures and views. */
export function checkFunctions(def: ModuleDef): string[] {
  const callables = [
    ...def.reducers.map((each) => ({ ...each, what: `reducer \`${each.sourceName}\`` })),
    ...def.procedures.map((each) => ({ ...each, what: `procedure \`${each.sourceName}\`` })),
    ...def.views.map((each) => ({ ...each, what: `view \`${each.sourceName}\`` })),
  ];
  const faults = callables.flatMap(({ what, name, sourceName, params }) => [
    ...[...new Set([name, sourceName])].flatMap((each) => nameFaults(what, each)),
    ...paramFaults(what, params),
  ]);
  const owners = new Map<string, string>();
  for (const { what, name } of callables) {
    const owner = owners.get(name);
    if (owner === undefined) owners.set(name, what);
    else faults.push(`${what}: its name \`${name}\` is also that of ${owner}`);
  }
  for (const { sourceName, returnType } of def.procedures) {
    faults.push(...useFaults(`procedure \`${sourceName}\`, return type`, returnType));
  }
  return [...faults, ...checkLifecycle(def), ...checkViews(def)];
}

function paramFaults(what: string, params: ProductType): string[] {
  const faults: string[] = [];
  for (const [i, { name, type }] of params.elements.entries()) {
    if (name === undefined) faults.push(`${what}: parameter ${i} has no name`);
    else faults.push(...nameFaults(`${what}, parameter ${i}`, name));
    faults.push(...useFaults(`${what}, parameter \`${name ?? i}\``, type));
  }
  const names = params.elements.flatMap(({ name }) => name ?? []);
  for (const name of duplicates(names)) faults.push(`${what}: it has two parameters \`${name}\``);
  return faults;
}

function checkLifecycle(def: ModuleDef): string[] {
  const faults: string[] = [];
  const owners = new Map<Lifecycle, string>();
  for (const { lifecycle, sourceName } of def.reducers) {
    if (lifecycle === undefined) continue;
    const owner = owners.get(lifecycle);
    if (owner === undefined) owners.set(lifecycle, sourceName);
    else faults.push(`reducers \`${owner}\` and \`${sourceName}\` are both for ${lifecycle}`);
  }
  return faults;
}

/**
 * The position in the typespace of the rows that a view returns: Option, Array or query of a
 * reference.
 */
export function viewRowRef(returnType: AlgebraicType): number | undefined {
  const special = specialKind(returnType);
  if (returnType.kind === "array") return refOf(returnType.element);
  if (returnType.kind === "product" && special === "query") {
    return refOf(returnType.elements[0]?.type);
  }
  if (returnType.kind === "sum" && special === "option") return refOf(returnType.variants[0]?.type);
  return undefined;
}

function refOf(type: AlgebraicType | undefined): number | undefined {
  return type?.kind === "ref" ? type.ref : undefined;
}

function checkViews(def: ModuleDef): string[] {
  const faults = def.views.flatMap((view) => viewFaults(view, def.typespace));
  for (const isAnonymous of [false, true]) {
    const list = def.views.filter((view) => view.isAnonymous === isAnonymous);
    const indexes = list.map(({ index }) => index).toSorted((a, b) => a - b);
    if (indexes.some((index, i) => index !== i)) {
      const which = isAnonymous ? "anonymous views" : "views that know their sender";
      faults.push(`${which} must be numbered from 0 without gaps, not ${indexes.join(", ")}`);
    }
  }
  return faults;
}

function viewFaults(view: ViewDef, types: Typespace): string[] {
  const ref = viewRowRef(view.returnType);
  const row = ref === undefined ? undefined : types[ref];
  if (row?.kind !== "product") {
    const rule = "must return an option, an array or a query of a product in the typespace";
    return [`view \`${view.sourceName}\`: it ${rule}`];
  }
  return row.elements.every(({ name }) => name !== undefined)
    ? []
    : [`view \`${view.sourceName}\`: every column of its rows needs a name`];
}

const routePath = /^(\/[a-z0-9\-_~/]*)?$/;

/** Every fault of HTTP handlers and routes. */
export function checkRoutes(def: ModuleDef): string[] {
  const faults = def.httpHandlers.flatMap((name) => nameFaults("an HTTP handler", name));
  for (const name of duplicates(def.httpHandlers)) {
    faults.push(`two HTTP handlers are called \`${name}\``);
  }
  const handlers = new Set(def.httpHandlers);
  const methodsByPath = new Map<string, Set<string | undefined>>();
  for (const { path, method, handler } of def.httpRoutes) {
    const what = `route \`${path}\``;
    if (!routePath.test(path)) {
      faults.push(`${what}: a path is empty or starts with / and has only a-z 0-9 - _ ~ /`);
    }
    if (!handlers.has(handler)) {
      faults.push(`${what}: its handler \`${handler}\` does not exist`);
    }
    const methods = methodsByPath.get(path) ?? new Set();
    methodsByPath.set(path, methods);
    const overlaps = method === undefined ? methods.size > 0 : methods.has(undefined);
    if (overlaps || methods.has(method)) {
      faults.push(`${what}: another route has the same path and method`);
    }
    methods.add(method);
  }
  return faults;
}
