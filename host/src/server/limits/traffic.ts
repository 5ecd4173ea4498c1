// How much each client may ask for: connections, calls and energy, per identity and per address. All of it lives on the
// server's thread and is counted once a request, once a connection and once a batch of messages.
import type { Clock } from "../../base/clock.ts";
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { TokenBucket } from "./token-bucket.ts";

/** 0 is no limit. */
export interface TrafficLimits {
  /** WebSockets of all clients. */
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  readonly connectionsPerIdentityMax: number;
  /** New WebSockets and new identities per second and address; twice as many at once. */
  readonly newConnectionsPerSecond: number;
  /** Requests and messages per second and identity; twice as many at once. */
  readonly callsPerSecond: number;
  /** Units of energy per minute and identity; as many at once. */
  readonly energyPerMinute: number;
}

export const noTrafficLimits: TrafficLimits = {
  connectionsMax: 0,
  connectionsPerAddressMax: 0,
  connectionsPerIdentityMax: 0,
  newConnectionsPerSecond: 0,
  callsPerSecond: 0,
  energyPerMinute: 0,
};

/** LC_RATE_LIMIT, with when to come again. */
export class RateLimitError extends LightconeError {
  readonly retryAfterSeconds: number;

  constructor(what: string, retryAfterSeconds: number) {
    super("LC_RATE_LIMIT", `too many ${what}: try again in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Who is counted: everybody without a token of their own counts as their address. */
export interface Client {
  readonly address: string;
  /** In hex; undefined for an anonymous one. */
  readonly identity: string | undefined;
}

/** What one WebSocket, or one request, uses of its client's share. */
export interface Meter {
  /** So many messages have come. False if that is more than the client may send. */
  calls(count: number): boolean;
  /** So many units were used. False if the budget is used up. */
  energy(units: number): boolean;
}

/** Of a WebSocket. */
export interface ConnectionMeter extends Meter {
  close(): void;
}

/** For those who are not counted. */
export const freeMeter: Meter = { calls: () => true, energy: () => true };

/** How long a client must wait that has too many connections: nobody knows when one will end. */
const connectionRetrySeconds = 10;

interface Account {
  connectionCount: number;
  readonly opens: TokenBucket | undefined;
  readonly calls: TokenBucket | undefined;
  readonly energy: TokenBucket | undefined;
}

export class Traffic {
  readonly #limits: TrafficLimits;
  readonly #clock: Clock;
  readonly #accounts = new Map<string, Account>();
  #connectionCount = 0;
  /** Nothing needs to be counted then. */
  readonly #isUnlimited: boolean;

  constructor(limits: TrafficLimits, clock: Clock) {
    this.#limits = limits;
    this.#isUnlimited = Object.values(limits).every((each) => each === 0);
    this.#clock = clock;
  }

  /** Clients with an account: those that have used something of late. */
  get accountCount(): number {
    return this.#accounts.size;
  }

  /** Counts a request. LC_RATE_LIMIT if its client has had its share. */
  admitRequest(client: Client): Meter {
    if (this.#isUnlimited) return freeMeter;
    const account = this.#account(keyOf(client));
    const now = this.#clock.nowMillis();
    if (account.calls?.take(1, now) === false) {
      throw new RateLimitError("requests", account.calls.secondsUntil(1, now));
    }
    // What was used before is over the budget.
    if (account.energy?.take(0, now) === false) {
      throw new RateLimitError("calls for the energy budget", account.energy.secondsUntil(1, now));
    }
    return this.#meter(account);
  }

  /** Counts a new identity against its address. LC_RATE_LIMIT as for connections. */
  admitIdentity({ address }: Client): void {
    if (this.#isUnlimited) return;
    this.#admitNew(this.#account(`@${address}`), "new identities");
  }

  #admitNew({ opens }: Account, what: string): void {
    const now = this.#clock.nowMillis();
    if (opens?.take(1, now) !== false) return;
    throw new RateLimitError(what, opens.secondsUntil(1, now));
  }

  /** Counts a WebSocket until `close`. LC_RATE_LIMIT if there are too many. */
  openConnection(client: Client): ConnectionMeter {
    if (this.#isUnlimited) return { ...freeMeter, close: () => undefined };
    const { connectionsMax, connectionsPerAddressMax, connectionsPerIdentityMax } = this.#limits;
    const byAddress = this.#account(`@${client.address}`);
    const own = this.#account(keyOf(client));
    refuseBeyond(connectionsMax, this.#connectionCount, "connections to this host");
    refuseBeyond(
      connectionsPerAddressMax,
      byAddress.connectionCount,
      "connections from this address",
    );
    if (own !== byAddress) {
      refuseBeyond(connectionsPerIdentityMax, own.connectionCount, "connections of this identity");
    }
    this.#admitNew(byAddress, "new connections");
    const counted = new Set([byAddress, own]);
    this.#connectionCount++;
    for (const account of counted) account.connectionCount++;
    let isOpen = true;
    return {
      ...this.#meter(own),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        this.#connectionCount--;
        for (const account of counted) account.connectionCount--;
      },
    };
  }

  #meter({ calls, energy }: Account): Meter {
    const clock = this.#clock;
    return {
      calls: (count) => calls?.spend(count, clock.nowMillis()) ?? true,
      energy: (units) => energy?.spend(units, clock.nowMillis()) ?? true,
    };
  }

  #account(key: string): Account {
    const found = this.#accounts.get(key);
    if (found !== undefined) return found;
    if (this.#accounts.size >= limit.accountCountMax) this.#dropIdle();
    const now = this.#clock.nowMillis();
    const { newConnectionsPerSecond, callsPerSecond, energyPerMinute } = this.#limits;
    const account = {
      connectionCount: 0,
      opens: bucket(newConnectionsPerSecond, 2 * newConnectionsPerSecond, now),
      calls: bucket(callsPerSecond, 2 * callsPerSecond, now),
      energy: bucket(energyPerMinute / 60, energyPerMinute, now),
    };
    this.#accounts.set(key, account);
    return account;
  }

  /** Forgets those that are as new; if all are in use, the oldest without a connection. */
  #dropIdle(): void {
    const now = this.#clock.nowMillis();
    const spare: string[] = [];
    for (const [key, { connectionCount, opens, calls, energy }] of this.#accounts) {
      if (connectionCount > 0) continue;
      const isNew = [opens, calls, energy].every((each) => each?.isFull(now) !== false);
      if (isNew) this.#accounts.delete(key);
      else spare.push(key);
    }
    const excess = this.#accounts.size - limit.accountCountMax / 2;
    for (const key of spare.slice(0, Math.max(0, excess))) this.#accounts.delete(key);
  }
}

function keyOf({ address, identity }: Client): string {
  return identity ?? `@${address}`;
}

function bucket(perSecond: number, capacity: number, now: number): TokenBucket | undefined {
  return perSecond > 0 ? new TokenBucket(perSecond, Math.max(1, capacity), now) : undefined;
}

function refuseBeyond(max: number, count: number, what: string): void {
  if (max > 0 && count >= max) throw new RateLimitError(what, connectionRetrySeconds);
}
