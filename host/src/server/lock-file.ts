// One data directory, one host: a Unix socket in the directory, bound for life. When its process
// dies, however it dies, connecting to it is refused: what is left is a file without meaning
// (design.md, rulings).
//
// Each host binds a name of its own and only then looks for others. So of two that start at once at
// least one sees the other, and nobody ever takes over a name, which two could do at once after a
// crash.
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { LightconeError, messageOf } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import type { Random } from "../base/random.ts";
import { withShortPath } from "../base/short-path.ts";

/** Systems differ between 104 and 108 bytes with the end mark. */
const socketPathBytesMax = 100;

const lockName = /^lightcone-[0-9a-f]{8}\.sock$/;

/**
 * A drawn name may be taken by the remains of a host with the same chance, as in a replayed run.
 */
const bindAttemptsMax = 16;

/** The data directory is this process's until `release`. */
export interface DataDirLock {
  release(): Promise<void>;
}

/**
 * Takes the data directory `dataDir`, an absolute path and the root of `disk`. LC_DATA_DIR_IN_USE
 * if another host has it, LC_CONFIG if its file system has no sockets.
 */
export async function lockDataDir(
  dataDir: string,
  disk: Disk,
  random: Random,
): Promise<DataDirLock> {
  const longest = Buffer.byteLength(join(dataDir, "lightcone-00000000.sock"));
  if (longest <= socketPathBytesMax) return lockThrough(dataDir, dataDir, disk, random);
  return withShortPath(dataDir, (path) => lockThrough(path, dataDir, disk, random));
}

async function lockThrough(
  path: string,
  dataDir: string,
  disk: Disk,
  random: Random,
): Promise<DataDirLock> {
  const own = await bindNewName(path, dataDir, random);
  const release = async (): Promise<void> => {
    own.server.close();
    await once(own.server, "close");
    // Node removes the path that was bound, which may have led through a link that is gone.
    await disk.remove(own.name);
  };
  try {
    for (const name of await disk.list("")) {
      if (!lockName.test(name) || name === own.name) continue;
      if (await isAlive(join(path, name))) throw inUse(dataDir);
      await disk.remove(name);
    }
  } catch (thrown) {
    await release();
    throw thrown;
  }
  return { release };
}

interface OwnSocket {
  readonly name: string;
  readonly server: Server;
}

async function bindNewName(path: string, dataDir: string, random: Random): Promise<OwnSocket> {
  for (let attempt = 1; ; attempt++) {
    const name = `lightcone-${random.u32().toString(16).padStart(8, "0")}.sock`;
    try {
      return { name, server: await bind(join(path, name)) };
    } catch (thrown) {
      const isTaken = errnoCode(thrown) === "EADDRINUSE";
      if (isTaken && attempt < bindAttemptsMax) continue;
      const reason = messageOf(thrown).replaceAll(join(path, name), name);
      throw new LightconeError(
        "LC_CONFIG",
        `the data directory ${dataDir} cannot be locked, ` +
          `for which it must take a Unix socket: ${reason}`,
      );
    }
  }
}

function bind(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      // Who could not connect was a host that asks, and takes that for a yes.
      server.on("error", () => undefined);
      // The lock alone shall not keep a process running.
      server.unref();
      resolve(server);
    });
  });
}

/** Whether a process listens there. Any doubt, such as a lack of rights, counts as yes. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      const code = errnoCode(error);
      resolve(code !== "ECONNREFUSED" && code !== "ENOENT");
    });
  });
}

function errnoCode(thrown: unknown): string | undefined {
  return thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
}

function inUse(dataDir: string): LightconeError {
  return new LightconeError(
    "LC_DATA_DIR_IN_USE",
    `another host uses the data directory ${dataDir}: stop it, or give this one another --data-dir`,
  );
}
