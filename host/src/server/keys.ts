// The key pair that signs this host's tokens: two files in the data directory, made at the first
// start (http-and-auth.md section 15).
import { LightconeError } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import { createFile } from "../base/disk/create-file.ts";
import type { GenerateKeyPair, KeyPairPem } from "../base/keys.ts";

const directory = "keys";
/** Filled first and then renamed, so that a crash never leaves one file of the pair. */
const stagingDirectory = "keys.new";
const privateName = "id_ecdsa";
const publicName = "id_ecdsa.pub";

/** Loads the pair, or makes it where there is none. LC_CONFIG if only a part of it is there. */
export async function loadOrMakeKeys(disk: Disk, generate: GenerateKeyPair): Promise<KeyPairPem> {
  const names = await disk.list(directory);
  if (names.length === 0) return makeKeys(disk, generate);
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

async function makeKeys(disk: Disk, generate: GenerateKeyPair): Promise<KeyPairPem> {
  const keys = await generate();
  await disk.remove(stagingDirectory);
  await disk.makeDirectory(stagingDirectory);
  await writeText(disk, `${stagingDirectory}/${privateName}`, keys.privatePem);
  await writeText(disk, `${stagingDirectory}/${publicName}`, keys.publicPem);
  await disk.syncDirectory(stagingDirectory);
  await disk.remove(directory);
  await disk.rename(stagingDirectory, directory);
  await disk.syncDirectory("");
  return keys;
}

async function readText(disk: Disk, path: string): Promise<string> {
  return new TextDecoder().decode(await disk.readFile(path));
}

async function writeText(disk: Disk, path: string, text: string): Promise<void> {
  await createFile(disk, path, new TextEncoder().encode(text));
}
