// The imports in which a guest waits: all others answer at once.

/** Module and name of each import that can suspend its guest. */
export const suspendingImports: readonly (readonly [module: string, name: string])[] = [
  ["spacetime_10.3", "procedure_sleep_until"],
  ["spacetime_10.3", "procedure_http_request"],
];

/** Whether a module can wait at all; one that cannot runs as it is. */
export function canSuspend(compiled: WebAssembly.Module): boolean {
  return WebAssembly.Module.imports(compiled).some(({ module, name }) =>
    suspendingImports.some(([from, wanted]) => module === from && name === wanted),
  );
}
