// Waiting for something no longer than a given time.
import { LightconeError } from "@lightcone/abi";

/** What `work` comes to, or what `late` gives if that takes longer than `millis`. It goes on then, and nobody hears of its end. */
async function within<T>(work: Promise<T>, millis: number, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<"late">((resolve) => {
    timer = setTimeout(() => {
      resolve("late");
    }, millis);
  });
  try {
    const first = await Promise.race([work.then((result) => ({ result })), timeout]);
    return first === "late" ? late() : first.result;
  } finally {
    clearTimeout(timer);
  }
}

/** What a promise comes to; undefined if that takes longer, or is a failure. */
export function settledWithin<T>(work: Promise<T>, millis: number): Promise<T | undefined> {
  return within<T | undefined>(
    work.catch(() => undefined),
    millis,
    () => undefined,
  );
}

/**
 * A publish whose answer does not wait for the disk longer than its caller wants to (http-and-auth.md section 4.1): rejects with
 * LC_PUBLISH_UNCONFIRMED then. Without a time it waits for ever.
 */
export async function confirmedWithin<T>(
  publishing: Promise<T>,
  millis: number | undefined,
): Promise<T> {
  if (millis === undefined) return publishing;
  return within(publishing, millis, () => {
    const reason = `the program was not durable within ${millis} ms (update_confirmation_timeout)`;
    throw new LightconeError("LC_PUBLISH_UNCONFIRMED", reason);
  });
}
