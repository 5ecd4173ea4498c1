// The outside of a file: its length, its name, its first line, and bytes it must not hold.

import { breach } from "./breach.ts";
import { type Source, isTest } from "./source.ts";

const lineCountMax = 500;

export function lengthBreaches(source: Source): string[] {
  const lineCount = source.text.trimEnd().split("\n").length;
  return lineCount <= lineCountMax
    ? []
    : [`${source.path}:${lineCountMax + 1}: ${lineCount} lines, ${lineCountMax} are allowed`];
}

const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*$/;

export function nameBreaches(source: Source): string[] {
  return source.path
    .split("/")
    .filter((part) => !kebabCase.test(part))
    .map((part) => breach(source, 0, `${part} is not kebab-case`));
}

/** A file opens with what it is for. A test says it in its titles. */
export function openingBreaches(source: Source): string[] {
  if (isTest(source)) return [];
  const opening = source.text.replace(/^#![^\n]*\n/, "").trimStart();
  return /^\/[/*]/.test(opening) ? [] : [breach(source, 0, "opens with a comment on its purpose")];
}

/** A file of any kind, as bytes read one to a character. */
export interface RawFile {
  readonly path: string;
  readonly bytes: string;
}

/**
 * Texts that would tie the repository to one machine: its own place on this one, homes of users,
 * and hosts that packages come from, which differ from network to network. They are put together
 * here, since this file must not hold them either.
 */
export function localTexts(root: string, env: NodeJS.ProcessEnv): string[] {
  const folder = (...names: string[]): string => `/${names.join("/")}/`;
  const host = (...names: string[]): string => names.join(".");
  const configured = env["npm_config_registry"];
  const ownRoot = root.replace(/\/+$/, "");
  return [
    folder("root"),
    folder("work"),
    host("registry", "npmjs", "org"),
    host("registry", "yarnpkg", "com"),
    host("index", "crates", "io"),
    host("static", "crates", "io"),
    host("deb", "debian", "org"),
    host("files", "pythonhosted", "org"),
    ...(ownRoot.split("/").length > 2 ? [`${ownRoot}/`] : []),
    ...(configured === undefined ? [] : [new URL(configured).host]),
  ];
}

export function localTextBreaches({ path, bytes }: RawFile, texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    const offset = bytes.indexOf(text);
    if (offset === -1) return [];
    const line = bytes.slice(0, offset).split("\n").length;
    return [`${path}:${line}: names a machine or a package host: ${text}`];
  });
}

/** A version that can move would make two clones of one commit differ. */
export function versionBreaches({ path, bytes }: RawFile): string[] {
  const manifest = JSON.parse(bytes) as Record<string, unknown>;
  return ["dependencies", "devDependencies", "optionalDependencies"].flatMap((group) =>
    Object.entries((manifest[group] ?? {}) as Record<string, string>)
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${path}: ${name} ${version}: pin the exact version`),
  );
}
