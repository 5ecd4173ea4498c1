// Builds a Rust module with a plain `cargo build`, and says what to install where that fails for want of something.
import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { stripVTControlCharacters } from "node:util";
import type { CommandContext } from "../context.ts";
import { CommandError } from "../exit.ts";
import type { Project } from "./project.ts";

const target = "wasm32-unknown-unknown";

/** The crates that modules are written with need this one at least. */
const rustVersionMin = "1.93";

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Returns the program's path, from the module's folder. cargo's own words go to standard error. Throws a CommandError. */
export async function buildRust(
  { folder }: Project,
  isDebug: boolean,
  context: CommandContext,
): Promise<string> {
  const argv = ["build", "--target", target, "--message-format", "json-render-diagnostics"];
  if (!isDebug) argv.push("--release");
  const { code, stdout, stderr } = await runCargo(folder, argv, context);
  if (code !== 0) {
    const advice = adviceFor(stderr);
    if (advice !== undefined)
      throw new CommandError("refused", "cargo lacks what it needs", advice);
    throw new CommandError("module", "the module does not compile", "cargo says why, above.");
  }
  return relative(folder, programOf(stdout, join(folder, "Cargo.toml")));
}

function runCargo(
  folder: string,
  argv: readonly string[],
  { env, stderr, colorDepth }: CommandContext,
): Promise<Ended> {
  const color = colorDepth > 1 ? "always" : "never";
  const child = spawn("cargo", argv, {
    cwd: folder,
    env: { CARGO_TERM_COLOR: color, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  const decoders = { stdout: new StringDecoder(), stderr: new StringDecoder() };
  child.stdout.on("data", (piece: Buffer) => (said.stdout += decoders.stdout.write(piece)));
  child.stderr.on("data", (piece: Buffer) => {
    said.stderr += decoders.stderr.write(piece);
    stderr.write(piece);
  });
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? noCargo() : error);
    });
    child.once("close", (code) => resolve({ code, ...said }));
  });
}

function noCargo(): CommandError {
  return new CommandError(
    "refused",
    "there is no cargo here, which compiles modules in Rust",
    `Install Rust ${rustVersionMin} or newer, by rustup (https://rustup.rs) on any system, then:\nrustup target add ${target}`,
  );
}

/** What cargo and rustc say when something is missing, and what helps. */
const missing: readonly (readonly [said: RegExp, advice: string])[] = [
  [
    /target may not be installed|can't find crate for `(?:core|std)`/,
    `The standard library for ${target} is not installed. With rustup:\nrustup target add ${target}\nA Rust of the system's packages may have it apart (Debian: libstd-rust-dev-wasm32; Fedora: rust-std-static-${target}).`,
  ],
  [
    /linker `(?:rust-lld|[\w-]*lld[\w.-]*|wasm-ld[\w.-]*)` not found/,
    "The linker of LLVM is missing, which rustup brings along. Otherwise: Debian and Ubuntu `apt-get install lld`, Fedora `dnf install lld`, macOS `brew install lld`.",
  ],
  [
    /linker `(?:cc|gcc|clang|link\.exe)` not found/,
    "A linker for build scripts is missing: Debian and Ubuntu `apt-get install build-essential`, Fedora `dnf install gcc`, macOS `xcode-select --install`, Windows the Visual Studio Build Tools.",
  ],
  [
    /requires rustc \d|requires Rust \d|feature `edition2024` is required/,
    `This Rust is too old: modules need ${rustVersionMin} or newer. With rustup: \`rustup update\`.`,
  ],
];

function adviceFor(stderr: string): string | undefined {
  const plain = stripVTControlCharacters(stderr);
  return missing.find(([said]) => said.test(plain))?.[1];
}

/** A line of cargo's messages, of which only those about finished crates matter. */
interface CargoMessage {
  readonly reason: string;
  readonly manifest_path?: string;
  readonly filenames?: readonly string[];
}

/** The `.wasm` among what cargo made of the crate of this manifest; whatever its target folder is. */
function programOf(stdout: string, manifest: string): string {
  const found = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as CargoMessage)
    .filter(
      ({ reason, manifest_path: path }) => reason === "compiler-artifact" && path === manifest,
    )
    .flatMap(({ filenames }) => filenames ?? [])
    .filter((name) => name.endsWith(".wasm"));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  throw new CommandError(
    "module",
    only === undefined ? "the crate makes no .wasm" : "the crate makes more than one .wasm",
    only === undefined
      ? 'Cargo.toml needs a library of this type: [lib] crate-type = ["cdylib"].'
      : "Choose one and publish it with --bin-path.",
  );
}
