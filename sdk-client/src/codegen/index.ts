// All that the command line sees of the generator.
export { generateTypeScript, type TypeScriptOptions } from "./typescript.ts";
