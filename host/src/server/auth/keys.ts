// The key pair that signs this host's tokens: two files in the data directory, made at the first
// start (http-and-auth.md section 15). Former public keys lie beside it, and what they signed counts
// until they are removed.
//
//     keys/id_ecdsa                              PKCS#8, mode 0600
//     keys/id_ecdsa.pub                          what verifies
//     keys/previous/2026-01-31T12-00-00.pub      what verified until then
//
// A change fills a new directory and then exchanges the two by name: keys becomes keys.old, keys.new
// becomes keys. Wherever that ends, the next start finds either the former pair or the new one.
import { join } from "node:path";
import { LightconeError } from "@lightcone/abi";
import type { Clock } from "../../base/clock.ts";
import type { Disk } from "../../base/disk/contract.ts";
import { createFile } from "../../base/disk/create-file.ts";
import { isOpenToOthers, readOperatorFile } from "../../base/files.ts";
import type { GenerateKeyPair, KeyPairPem } from "../../base/keys.ts";

const directory = "keys";
const newDirectory = "keys.new";
const oldDirectory = "keys.old";
const previous = "previous";
const privateName = "id_ecdsa";
const publicName = "id_ecdsa.pub";

/** Former keys are tried one by one for each token of another issuer: more than these are refused. */
const previousCountMax = 16;

/** Where an operator keeps a pair of their own. */
export interface KeyPaths {
  readonly privatePath: string;
  readonly publicPath: string;
}

/** Reads an operator's pair. LC_CONFIG, naming flag and file, if that is not possible. */
export async function readKeys({ privatePath, publicPath }: KeyPaths): Promise<KeyPairPem> {
  return {
    privatePem: await readOperatorFile(privatePath, "--jwt-priv-key-path"),
    publicPem: await readOperatorFile(publicPath, "--jwt-pub-key-path"),
  };
}

/** Loads the pair, or makes it where there is none. LC_CONFIG if only a part of it is there. */
export async function loadOrMakeKeys(disk: Disk, generate: GenerateKeyPair): Promise<KeyPairPem> {
  await finishExchange(disk);
  const names = (await disk.list(directory)).filter((name) => name !== previous);
  if (names.length === 0) {
    const keys = await generate();
    await writeNew(disk, keys, new Map());
    await exchange(disk);
    return keys;
  }
  for (const name of [privateName, publicName]) {
    if (!names.includes(name)) {
      throw new LightconeError(
        "LC_CONFIG",
        `the data directory has ${directory}/${names.join(", ")} but no ${directory}/${name}: ` +
          `restore the missing file, or remove ${directory} for a new pair, which voids all tokens`,
      );
    }
  }
  return {
    privatePem: await readText(disk, `${directory}/${privateName}`),
    publicPem: await readText(disk, `${directory}/${publicName}`),
  };
}

/** Public keys that verify besides the pair's. LC_CONFIG if there are too many. */
export async function loadFormerKeys(disk: Disk): Promise<string[]> {
  return [...(await readPrevious(disk)).values()];
}

/** LC_CONFIG if others than its owner may read the private key in a data directory, an absolute path. */
export async function refuseOpenKey(dataDir: string): Promise<void> {
  const path = join(dataDir, directory, privateName);
  if (!(await isOpenToOthers(path))) return;
  throw new LightconeError(
    "LC_CONFIG",
    `others on this machine may read ${path}, which signs tokens: \`chmod 600\` it; ` +
      "if somebody may have copied it, remove it for a new pair, which voids all tokens",
  );
}

/**
 * Makes a new pair; the public key of the one before verifies on. The data directory must be locked.
 * LC_CONFIG if it has no pair, or as many former keys as there may be.
 */
export async function rotateKeys(
  disk: Disk,
  generate: GenerateKeyPair,
  clock: Clock,
): Promise<void> {
  await finishExchange(disk);
  if (!(await disk.exists(`${directory}/${publicName}`))) {
    throw new LightconeError("LC_CONFIG", "there are no keys yet: the first start makes them");
  }
  const former = await readPrevious(disk);
  const time = new Date(Number(clock.nowMicros() / 1000n)).toISOString();
  const name = `${time.slice(0, -1).replaceAll(":", "-")}.pub`;
  former.set(name, await readText(disk, `${directory}/${publicName}`));
  refuseTooMany(former.size);
  await writeNew(disk, await generate(), former);
  await exchange(disk);
}

async function readPrevious(disk: Disk): Promise<Map<string, string>> {
  const former = new Map<string, string>();
  const names = (await disk.list(`${directory}/${previous}`)).filter((name) =>
    name.endsWith(".pub"),
  );
  refuseTooMany(names.length);
  for (const name of names) {
    former.set(name, await readText(disk, `${directory}/${previous}/${name}`));
  }
  return former;
}

function refuseTooMany(count: number): void {
  if (count <= previousCountMax) return;
  throw new LightconeError(
    "LC_CONFIG",
    `${directory}/${previous} may hold ${previousCountMax} keys, not ${count}: remove the oldest, ` +
      "which voids the tokens that it signed",
  );
}

async function writeNew(
  disk: Disk,
  keys: KeyPairPem,
  former: ReadonlyMap<string, string>,
): Promise<void> {
  await disk.remove(newDirectory);
  await disk.makeDirectory(newDirectory);
  await writeText(disk, `${newDirectory}/${privateName}`, keys.privatePem);
  await writeText(disk, `${newDirectory}/${publicName}`, keys.publicPem);
  if (former.size > 0) {
    await disk.makeDirectory(`${newDirectory}/${previous}`);
    for (const [name, text] of former) {
      await writeText(disk, `${newDirectory}/${previous}/${name}`, text);
    }
    await disk.syncDirectory(`${newDirectory}/${previous}`);
  }
  await disk.syncDirectory(newDirectory);
}

async function exchange(disk: Disk): Promise<void> {
  if (await disk.exists(directory)) await disk.rename(directory, oldDirectory);
  await disk.rename(newDirectory, directory);
  await disk.syncDirectory("");
  await disk.remove(oldDirectory);
}

/** Takes back an exchange that was broken off half-way, or clears away what it left. */
async function finishExchange(disk: Disk): Promise<void> {
  if (!(await disk.exists(oldDirectory))) return;
  if (await disk.exists(directory)) await disk.remove(oldDirectory);
  else await disk.rename(oldDirectory, directory);
  await disk.syncDirectory("");
}

async function readText(disk: Disk, path: string): Promise<string> {
  return new TextDecoder().decode(await disk.readFile(path));
}

async function writeText(disk: Disk, path: string, text: string): Promise<void> {
  await createFile(disk, path, new TextEncoder().encode(text));
}
