// All that the server's thread counts while it serves. Counting is plain arithmetic; names and labels are put to the numbers
// when somebody asks for them (families.ts).
import type { Route } from "../router.ts";
import { SocketCounts } from "./socket-counts.ts";

/** What databases are counted under that the request does not name, or that do not exist. */
export const noDatabase = "";

export class Metrics {
  readonly #databases = new Map<string, SocketCounts>();
  #asked: Promise<string> | undefined;
  readonly #answers = new Map<Route | undefined, Map<number, number>>();

  /** The counts of a database, by its identity in hex. */
  database(identity: string): SocketCounts {
    let counts = this.#databases.get(identity);
    if (counts === undefined) {
      counts = new SocketCounts();
      this.#databases.set(identity, counts);
    }
    return counts;
  }

  get databases(): ReadonlyMap<string, SocketCounts> {
    return this.#databases;
  }

  /** Forgets databases that are gone, so that those who make and delete many leave nothing behind. */
  keep(isThere: (identity: string) => boolean): void {
    for (const [identity, { open }] of this.#databases) {
      if (identity !== noDatabase && open === 0 && !isThere(identity)) {
        this.#databases.delete(identity);
      }
    }
  }

  /** What all who ask at once are told: databases are asked one time for them, since anybody may ask. */
  tell(make: () => Promise<string>): Promise<string> {
    this.#asked ??= make().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  /** Counts of answers by route and status. */
  get answers(): ReadonlyMap<Route | undefined, ReadonlyMap<number, number>> {
    return this.#answers;
  }

  answered(route: Route | undefined, status: number): void {
    let counts = this.#answers.get(route);
    if (counts === undefined) {
      counts = new Map();
      this.#answers.set(route, counts);
    }
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
}
