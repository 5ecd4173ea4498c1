// The instances that run the procedures and HTTP handlers of one module (abi.md section 11). A module without procedures never
// has any; one that cannot wait runs as it is; of one that can, a variant is made first, and calls wait for it.
import { LightconeError, messageOf } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { CodeCache } from "../module/code-cache.ts";
import type { ModuleEnvironment } from "../module/context.ts";
import { defaultLoad, type LoadedModule } from "../module/load.ts";
import type { ProcedureHost } from "../module/procedure/host.ts";
import { ProcedureInstance } from "../module/procedure/instance.ts";
import { canSuspend } from "../module/procedure/suspending-imports.ts";
import { makeVariant } from "../module/procedure/variants.ts";
import type { LiveModule } from "./live-module.ts";

/** After a variant could not be made, calls fail at once for so long before it is tried again. */
const retryMillis = 60_000;

/** The state of the code that procedures run on. */
export type PoolCode =
  | { readonly kind: "ready"; readonly code: LoadedModule }
  | { readonly kind: "making" }
  | { readonly kind: "failed"; readonly message: string; readonly atMillis: number };

export interface PoolOptions {
  readonly environment: ModuleEnvironment;
  readonly host: ProcedureHost;
  readonly cache: CodeCache | undefined;
  /** Told, in a turn, when the code is ready or cannot be made. */
  readonly onCode: (failure: string | undefined) => void;
}

export class ProcedurePool {
  readonly module: LiveModule;
  readonly #options: PoolOptions;
  readonly #idle: ProcedureInstance[] = [];
  #code: PoolCode | undefined;
  #isRetired = false;

  constructor(module: LiveModule, options: PoolOptions) {
    this.module = module;
    this.#options = options;
  }

  /** Begins to make the code, if that has not been done. */
  prepare(): PoolCode {
    const code = this.#code;
    const { clock } = this.#options.environment;
    const isOver = code?.kind === "failed" && clock.nowMillis() - code.atMillis > retryMillis;
    if (code !== undefined && !isOver) return code;
    const { loaded } = this.module;
    if (!canSuspend(loaded.compiled)) return (this.#code = { kind: "ready", code: loaded });
    this.#code = { kind: "making" };
    void this.#make(loaded);
    return this.#code;
  }

  async #make(loaded: LoadedModule): Promise<void> {
    const { cache, environment, host, onCode } = this.#options;
    let made: LoadedModule | undefined;
    let message = "";
    try {
      made = await makeVariant(loaded, this.module.program, environment.load ?? defaultLoad, cache);
    } catch (thrown) {
      message = `procedures of this module cannot be prepared: ${messageOf(thrown)}`;
    }
    this.#code =
      made === undefined
        ? { kind: "failed", message, atMillis: environment.clock.nowMillis() }
        : { kind: "ready", code: made };
    host.turn(() => {
      onCode(made === undefined ? message : undefined);
    });
  }

  /** An instance for one call. LC_MODULE_LOAD if it does not start. The code must be ready. */
  take(code: LoadedModule): ProcedureInstance {
    const { environment, host } = this.#options;
    const idle = this.#idle.pop();
    return idle ?? new ProcedureInstance(code, environment, host, this.module.definition);
  }

  /** Takes an instance back; one that is of no more use is dropped, with what the tables remember of its memory. */
  giveBack(instance: ProcedureInstance): void {
    const hasRoom = this.#idle.length < limit.procedureIdleCountMax;
    if (instance.isReusable && hasRoom && !this.#isRetired) {
      this.#idle.push(instance);
      return;
    }
    this.#options.environment.datastore.forgetSources();
  }

  /** The module is no longer the database's: calls under way end on it, and no instance is kept. */
  retire(): void {
    this.#isRetired = true;
    this.#idle.length = 0;
  }
}

/** Whether an instance that did not start may start later, when others have given back their memory. */
export function isStartFailure(thrown: unknown): thrown is LightconeError {
  return thrown instanceof LightconeError && thrown.code === "LC_MODULE_LOAD";
}
