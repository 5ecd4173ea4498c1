// RawModuleDefV10 to the common form: sections are found, names made canonical, cross-references by
// source name resolved (module-def.md 5.4 and 6).
import { productTypeFromRaw, typeFromRaw } from "../sats/algebraic-type.ts";
import { isUnit, type Typespace } from "../sats/type.ts";
import type { NamedTypes, TableSource } from "./build-table.ts";
import type { HttpRouteDef, Lifecycle, ProcedureDef, ReducerDef, ScheduleDef } from "./def.ts";
import { canonicalTypespace, pascalCase, scheduleName, snakeCase } from "./names.ts";
import type {
  RawHttpRoute,
  RawModuleDefV10,
  RawReducerV10,
  RawSectionName,
  RawSectionsV10,
  RawTableV10,
} from "./raw-v10.ts";
import type { ExportedTypeSource, ModuleSource, ViewSource } from "./source.ts";
import { lifecycles } from "./v9.ts";

/** Translates a V10 definition; what cannot be said in the common form becomes a fault in it. */
export function sourceFromV10(raw: RawModuleDefV10): ModuleSource {
  return new Translator(raw).translate();
}

class Translator {
  readonly #raw: RawModuleDefV10;
  readonly #faults: string[] = [];
  readonly #convertsCase: boolean;
  readonly #tableNames = new Map<string, string>();
  readonly #functionNames = new Map<string, string>();
  readonly #indexNames = new Map<string, string>();

  constructor(raw: RawModuleDefV10) {
    this.#raw = raw;
    this.#convertsCase = this.#section("CaseConversionPolicy")?.tag !== "None";
    const maps = {
      Table: this.#tableNames,
      Function: this.#functionNames,
      Index: this.#indexNames,
    };
    for (const { tag, value } of this.#section("ExplicitNames")?.entries ?? []) {
      maps[tag].set(value.source_name, value.canonical_name);
    }
  }

  translate(): ModuleSource {
    const lifecycleByReducer = this.#lifecycles();
    const schedules = this.#schedules();
    const scheduled = new Set([...schedules.values()].map(({ functionName }) => functionName));
    return {
      version: 10,
      types: this.#types(),
      exportedTypes: this.#exportedTypes(),
      tables: this.#list("Tables").map((table) =>
        this.#table(table, schedules.get(table.source_name)),
      ),
      reducers: this.#reducers(lifecycleByReducer, scheduled),
      procedures: this.#procedures(scheduled),
      views: this.#views(),
      rowLevelSecurity: this.#list("RowLevelSecurity").map(({ sql }) => sql),
      httpHandlers: this.#list("HttpHandlers").map((handler) =>
        this.#functionName(handler.source_name),
      ),
      httpRoutes: this.#list("HttpRoutes").map((route) => this.#route(route)),
      submodules: this.#list("Submodules").map(({ namespace, module }) => ({
        namespace,
        module: sourceFromV10(module),
      })),
      faults: this.#faults,
    };
  }

  /** The first section of that name counts; others are ignored. */
  #section<Name extends RawSectionName>(name: Name): RawSectionsV10[Name] | undefined {
    const found = this.#raw.sections.find(({ tag }) => tag === name);
    return found?.value as RawSectionsV10[Name] | undefined;
  }

  #list<Name extends RawSectionName>(
    name: Name,
  ): RawSectionsV10[Name] extends readonly unknown[] ? RawSectionsV10[Name] : never {
    return (this.#section(name) ?? []) as never;
  }

  #converted(name: string, convert: (name: string) => string): string {
    return this.#convertsCase ? convert(name) : name;
  }

  #tableName(source: string): string {
    return this.#tableNames.get(source) ?? this.#converted(source, snakeCase);
  }

  #functionName(source: string): string {
    return this.#functionNames.get(source) ?? this.#converted(source, snakeCase);
  }

  #types(): NamedTypes {
    const source: Typespace = (this.#section("Typespace")?.types ?? []).map(typeFromRaw);
    return { source, canonical: this.#convertsCase ? canonicalTypespace(source) : source };
  }

  #exportedTypes(): ExportedTypeSource[] {
    return this.#list("Types").map(({ source_name, ty, custom_ordering }) => ({
      scope: source_name.scope.map((name) => this.#converted(name, pascalCase)),
      name: this.#converted(source_name.source_name, pascalCase),
      ref: ty,
      hasCustomOrdering: custom_ordering,
    }));
  }

  #table(table: RawTableV10, schedule: ScheduleDef | undefined): TableSource {
    for (const { source_name, accessor_name } of table.indexes) {
      if (source_name !== undefined) continue;
      const which = accessor_name === undefined ? "an index" : `index \`${accessor_name}\``;
      this.#faults.push(`table \`${table.source_name}\`: ${which} has no source name`);
    }
    return {
      name: this.#tableName(table.source_name),
      sourceName: table.source_name,
      productTypeRef: table.product_type_ref,
      primaryKey: table.primary_key,
      indexes: table.indexes.map(({ source_name, accessor_name, algorithm }) => ({
        sourceName: source_name,
        name: source_name === undefined ? undefined : this.#indexNames.get(source_name),
        accessorName: accessor_name,
        algorithm,
      })),
      // A constraint's own name is not looked at: only sequences keep theirs.
      constraints: table.constraints.map(({ data }) => ({
        name: undefined,
        columns: data.value.columns,
      })),
      sequences: table.sequences.map((sequence) => ({ name: sequence.source_name, sequence })),
      schedule,
      defaults: table.default_values.map(({ col_id, value }) => ({ column: col_id, value })),
      isSystem: table.table_type.tag === "System",
      access: table.table_access.tag === "Public" ? "public" : "private",
      isEvent: table.is_event,
    };
  }

  /** Schedules by the source name of their table. */
  #schedules(): Map<string, ScheduleDef> {
    const tables = new Set(this.#list("Tables").map(({ source_name }) => source_name));
    const schedules = new Map<string, ScheduleDef>();
    for (const { table_name, schedule_at_col, function_name } of this.#list("Schedules")) {
      if (!tables.has(table_name)) {
        this.#faults.push(`a schedule is for table \`${table_name}\`, which does not exist`);
      } else if (schedules.has(table_name)) {
        this.#faults.push(`table \`${table_name}\`: it has two schedules`);
      } else {
        schedules.set(table_name, {
          name: scheduleName(this.#tableName(table_name)),
          atColumn: schedule_at_col,
          functionName: this.#functionName(function_name),
        });
      }
    }
    return schedules;
  }

  /** Lifecycle events by the source name of their reducer. */
  #lifecycles(): Map<string, Lifecycle> {
    const reducers = new Set(this.#list("Reducers").map(({ source_name }) => source_name));
    const found = new Map<string, Lifecycle>();
    for (const { lifecycle_spec, function_name } of this.#list("LifeCycleReducers")) {
      if (!reducers.has(function_name)) {
        const text = `lifecycle ${lifecycle_spec.tag} names \`${function_name}\``;
        this.#faults.push(`${text}, which is no reducer`);
      } else if (found.has(function_name)) {
        this.#faults.push(`reducer \`${function_name}\`: it has two lifecycle events`);
      } else {
        found.set(function_name, lifecycles[lifecycle_spec.tag]);
      }
    }
    return found;
  }

  #reducers(
    lifecycleByReducer: ReadonlyMap<string, Lifecycle>,
    scheduled: ReadonlySet<string>,
  ): ReducerDef[] {
    return this.#list("Reducers").map((reducer, id) => {
      this.#checkReturnTypes(reducer);
      const name = this.#functionName(reducer.source_name);
      const lifecycle = lifecycleByReducer.get(reducer.source_name);
      const isHostsOwn = lifecycle !== undefined || scheduled.has(name);
      return {
        id,
        name,
        sourceName: reducer.source_name,
        params: productTypeFromRaw(reducer.params),
        lifecycle,
        isPrivate: isHostsOwn || reducer.visibility.tag === "Private",
      };
    });
  }

  #checkReturnTypes(reducer: RawReducerV10): void {
    const label = `reducer \`${reducer.source_name}\``;
    if (!isUnit(typeFromRaw(reducer.ok_return_type))) {
      this.#faults.push(`${label}: its ok_return_type must be the unit type`);
    }
    if (reducer.err_return_type.tag !== "String") {
      this.#faults.push(`${label}: its err_return_type must be String`);
    }
  }

  #procedures(scheduled: ReadonlySet<string>): ProcedureDef[] {
    return this.#list("Procedures").map((procedure, id) => {
      const name = this.#functionName(procedure.source_name);
      return {
        id,
        name,
        sourceName: procedure.source_name,
        params: productTypeFromRaw(procedure.params),
        returnType: typeFromRaw(procedure.return_type),
        isPrivate: scheduled.has(name) || procedure.visibility.tag === "Private",
      };
    });
  }

  #views(): ViewSource[] {
    const views = this.#list("Views");
    const names = new Set(views.map(({ source_name }) => source_name));
    const keys = new Map<string, readonly string[]>();
    for (const { view_source_name, columns } of this.#list("ViewPrimaryKeys")) {
      if (!names.has(view_source_name)) {
        this.#faults.push(
          `a primary key is for view \`${view_source_name}\`, which does not exist`,
        );
      }
      keys.set(view_source_name, columns);
    }
    return views.map((view) => ({
      index: view.index,
      name: this.#functionName(view.source_name),
      sourceName: view.source_name,
      isPublic: view.is_public,
      isAnonymous: view.is_anonymous,
      params: productTypeFromRaw(view.params),
      returnType: typeFromRaw(view.return_type),
      keyColumns: keys.get(view.source_name),
    }));
  }

  #route({ handler_function, method, path }: RawHttpRoute): HttpRouteDef {
    const handler = this.#functionName(handler_function);
    if (method.tag === "Any") return { handler, method: undefined, path };
    const { tag, value } = method.value;
    return { handler, method: tag === "Extension" ? value : tag.toUpperCase(), path };
  }
}
