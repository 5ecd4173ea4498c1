// A way round the length that systems allow the address of a Unix socket: a directory reached by a
// short name. Such an address is cut off in silence by Node, which would then bind a socket of
// another name.
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs `use` with a symbolic link to `directory`, an absolute path, from the system's directory of
 * temporary files. The link is gone when this resolves; what was bound through it stays where it
 * is.
 */
export async function withShortPath<T>(
  directory: string,
  use: (shortPath: string) => Promise<T>,
): Promise<T> {
  // A directory of its own, for its name cannot be foreseen and nobody else may write into it.
  const home = await mkdtemp(join(tmpdir(), "lc-"));
  try {
    const shortPath = join(home, "d");
    await symlink(directory, shortPath);
    return await use(shortPath);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
