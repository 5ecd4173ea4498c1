// All that the command line sees of the generator.
export { generateTypeScript, type TypeScriptOptions } from "./typescript.ts";
export { generateSpacetime, type SpacetimeOptions } from "./spacetimedb.ts";
