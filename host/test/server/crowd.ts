// Many WebSockets of one host at a time, or one after another, and what they cost it.
import { readdirSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { assert, present } from "@lightcone/abi";
import { WebSocket } from "ws";
import type { ChildHost } from "./child-host.ts";

/** Connections that are opened at the same time: a listener's queue is short. */
const openingCountMax = 50;

export interface HostFacts {
  /** Physical memory, in bytes. */
  readonly residentBytes: number;
  readonly descriptorCount: number;
  /** Rows of `st_client`, that of the question included. */
  readonly clientCount: number;
}

/** What Linux tells of the host's process. */
export async function hostFacts(host: ChildHost, database: string): Promise<HostFacts> {
  const status = readFileSync(`/proc/${host.pid}/status`, "utf8");
  const kibibytes = present(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1], "resident memory");
  const rows = await host.sql(database, "SELECT COUNT(*) AS n FROM st_client");
  const [[clientCount]] = rows as [[number]];
  return {
    residentBytes: Number(kibibytes) * 1024,
    descriptorCount: readdirSync(`/proc/${host.pid}/fd`).length,
    clientCount,
  };
}

/** Resolves when so many clients are left, the one that asks included, or with what is there after half a minute. */
export async function settledFacts(
  host: ChildHost,
  database: string,
  clientCount = 1,
): Promise<HostFacts> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    await pause(500);
    const facts = await hostFacts(host, database);
    if (facts.clientCount === clientCount || performance.now() > deadline) return facts;
  }
}

/** A client that has been greeted and says nothing. */
function openIdle(host: ChildHost, database: string): Promise<WebSocket> {
  const path = `/v1/database/${database}/subscribe?compression=None`;
  const ws = new WebSocket(`ws://${host.address}${path}`, ["v2.bsatn.spacetimedb"], {
    headers: { authorization: `Bearer ${host.token}` },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    ws.once("message", () => {
      resolve(ws);
    });
    ws.once("error", reject);
    ws.once("close", (code) => {
      reject(new Error(`closed with ${code}`));
    });
  });
}

export async function openCrowd(
  host: ChildHost,
  database: string,
  count: number,
): Promise<WebSocket[]> {
  const open: WebSocket[] = [];
  while (open.length < count) {
    const wanted = Math.min(openingCountMax, count - open.length);
    const opening = Array.from({ length: wanted }, () => openIdle(host, database));
    open.push(...(await Promise.all(opening)));
  }
  return open;
}

/** Drops all without a word. */
export function dropCrowd(crowd: readonly WebSocket[]): void {
  for (const ws of crowd) ws.terminate();
}

/** So many clients a second that connect, are greeted and drop, if the machine can; how many there were. */
export async function churn(
  host: ChildHost,
  database: string,
  perSecond: number,
  seconds: number,
): Promise<number> {
  assert(perSecond > 0, "a rate");
  const start = performance.now();
  const last = start + seconds * 1000;
  let begun = 0;
  const one = async (): Promise<void> => {
    for (;;) {
      const due = start + (begun++ / perSecond) * 1000;
      if (due >= last || performance.now() >= last) return;
      if (due > performance.now()) await pause(due - performance.now());
      (await openIdle(host, database)).terminate();
    }
  };
  await Promise.all(Array.from({ length: openingCountMax }, one));
  return begun - openingCountMax;
}
