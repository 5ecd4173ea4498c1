// A note in the data directory on who wrote it, so that another program or an older host refuses it
// instead of misreading it.
import { LightconeError } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import { createFile } from "../base/disk/create-file.ts";
import { hostVersion } from "./version.ts";

const path = "metadata.toml";
const stagingPath = "metadata.toml.new";

const edition = "lightcone";

/** The layout of the data directory. A change that an older host would misread raises it. */
const layoutVersion = 1;

function text(): string {
  return `edition = "${edition}"\nversion = "${hostVersion}"\nlayout = ${layoutVersion}\n`;
}

/**
 * Checks the note, and writes it with this host's version. LC_CONFIG if the directory is another
 * program's or newer.
 */
export async function stampDataDir(disk: Disk): Promise<void> {
  if (await disk.exists(path)) {
    const found = new TextDecoder().decode(await disk.readFile(path));
    checkMetadata(found);
    if (found === text()) return;
  }
  await disk.remove(stagingPath);
  await createFile(disk, stagingPath, new TextEncoder().encode(text()));
  await disk.rename(stagingPath, path);
  await disk.syncDirectory("");
}

function checkMetadata(found: string): void {
  const foundEdition = /^edition *= *"([^"]*)"/m.exec(found)?.[1];
  if (foundEdition !== edition) {
    throw new LightconeError(
      "LC_CONFIG",
      `the data directory belongs to another program: ` +
        `its ${path} names the edition ${foundEdition ?? "(none)"}`,
    );
  }
  const foundLayout = Number(/^layout *= *(\d+) *$/m.exec(found)?.[1]);
  if (foundLayout !== layoutVersion) {
    const version = /^version *= *"([^"]*)"/m.exec(found)?.[1] ?? "unknown";
    throw new LightconeError(
      "LC_CONFIG",
      `the data directory has layout ${foundLayout}, written by version ${version}; ` +
        `this is version ${hostVersion}, which reads layout ${layoutVersion}`,
    );
  }
}
