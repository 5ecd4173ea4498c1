// Names of a module as TypeScript has them, and the refusal of two things that would get one name.
import { camelCase, LightconeError, pascalCase } from "@lightcone/abi";

const identifier = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

export function isIdentifier(text: string): boolean {
  return identifier.test(text);
}

/** `send_message` becomes `sendMessage`; what would become no identifier, such as `_1`, stays as it is. */
export function memberName(name: string): string {
  // Tables of submodules are called `namespace.table`.
  const plain = name.replaceAll(".", "_");
  const converted = camelCase(plain);
  return isIdentifier(converted) ? converted : madeIdentifier(plain);
}

function madeIdentifier(text: string): string {
  return isIdentifier(text) ? text : `_${text.replaceAll(/[^\p{ID_Continue}$]/gu, "_")}`;
}

/** The name of a field or variant, which in rare cases has none. */
export function elementName(name: string | undefined, position: number): string {
  return name === undefined ? `_${position}` : memberName(name);
}

/** The name of a type, its scopes in front. */
export function typeName(scope: readonly string[], name: string): string {
  const parts = [...scope, name].map((part) => pascalCase(part.replaceAll(".", "_")));
  return madeIdentifier(parts.join(""));
}

/** Names given out so far. Collisions are collected, so that a user sees all of them at once. */
export class NameClaims {
  readonly #owners = new Map<string | symbol, Map<string, string>>();
  readonly #faults: string[] = [];

  /** Gives `name` in `space` (a word, or a symbol for one of many alike) to `owner`, which the fault would name. */
  claim(space: string | symbol, name: string, owner: string): void {
    const owners = this.#owners.get(space) ?? new Map<string, string>();
    this.#owners.set(space, owners);
    const first = owners.get(name);
    if (first === undefined) owners.set(name, owner);
    else this.#faults.push(`${first} and ${owner} would both be called ${name} in TypeScript`);
  }

  fault(text: string): void {
    this.#faults.push(text);
  }

  /** Throws LC_MODULE_INVALID with every fault, if there is one. */
  finish(): void {
    if (this.#faults.length === 0) return;
    throw new LightconeError(
      "LC_MODULE_INVALID",
      `no bindings can be generated: ${this.#faults.join("; ")}`,
      this.#faults,
    );
  }
}
