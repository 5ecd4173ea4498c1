// The one door to smol-toml, which reads and writes TOML.
export { parse as parseToml, stringify as stringifyToml } from "smol-toml";
