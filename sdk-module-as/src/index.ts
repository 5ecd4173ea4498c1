// The public interface of @lightcone/sdk-module-as for programs that build modules.
export { type Compiled, type CompileOptions, compileModule } from "./compile.ts";
