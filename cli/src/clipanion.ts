// The one door to clipanion, which reads the arguments, and to typanion, which checks the values of
// flags.
export { Cli, Command, Option } from "clipanion";
export type { BaseContext, CommandClass, Definition, Usage } from "clipanion";
export { cascade, isAtLeast, isEnum, isInteger, isNumber } from "typanion";
