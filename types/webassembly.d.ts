// WebAssembly's JavaScript interface, as far as a host needs it. Neither the language's own library
// nor Node 20's types declare it, and the browser's library that does would bring hundreds of
// globals (`name`, `event`, `status`) under which a misspelled local would compile.

declare namespace WebAssembly {
  type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "externref" | "anyfunc";
  type ExternKind = "function" | "global" | "memory" | "table" | "tag";

  interface ModuleExportDescriptor {
    readonly name: string;
    readonly kind: ExternKind;
  }

  interface ModuleImportDescriptor {
    readonly module: string;
    readonly name: string;
    readonly kind: ExternKind;
  }

  /** Compiled code. It can be posted to a worker, which then does not compile it again. */
  class Module {
    private readonly brand: "WebAssembly.Module";
    /** Compiles on the calling thread. Throws `CompileError`. */
    constructor(bytes: Uint8Array | ArrayBuffer);
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
    static customSections(module: Module, sectionName: string): ArrayBuffer[];
  }

  /** Sizes are counted in pages of 64 KiB. */
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean });
    /** A new object after each growth: the one before is then detached. */
    readonly buffer: ArrayBuffer;
    /** Answers the size before, in pages. Throws `RangeError`. */
    grow(pageCount: number): number;
  }

  class Table {
    constructor(descriptor: {
      element: "anyfunc" | "externref";
      initial: number;
      maximum?: number;
    });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value?: unknown): void;
    grow(count: number, value?: unknown): number;
  }

  class Global {
    constructor(descriptor: { value: ValueType; mutable?: boolean }, value?: number | bigint);
    value: number | bigint;
    valueOf(): number | bigint;
  }

  type WasmFunction = (...args: never[]) => unknown;
  type ImportValue = WasmFunction | Memory | Table | Global;
  type Imports = Record<string, Record<string, ImportValue>>;
  type ExportValue = ((...args: (number | bigint)[]) => unknown) | Memory | Table | Global;
  type Exports = Readonly<Record<string, ExportValue>>;

  class Instance {
    /** Links and runs the start function. Throws `LinkError` or `RuntimeError`. */
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  /** A trap. */
  class RuntimeError extends Error {}
  /** What guest code threw and nobody caught; not an `Error`. */
  class Exception {
    private readonly brand: "WebAssembly.Exception";
  }

  /** Compiles beside the calling thread. Rejects with `CompileError`. */
  function compile(bytes: Uint8Array | ArrayBuffer): Promise<Module>;
  function validate(bytes: Uint8Array | ArrayBuffer): boolean;
}
