// A publish whose answer does not wait for the disk longer than its caller wants to (http-and-auth.md section 4.1).
import { LightconeError } from "@lightcone/abi";

/**
 * What `publishing` comes to, or LC_PUBLISH_UNCONFIRMED if that takes longer than `millis`; undefined for no such limit. It
 * goes on then, and nobody hears of how it ends.
 */
export async function confirmedWithin<T>(
  publishing: Promise<T>,
  millis: number | undefined,
): Promise<T> {
  if (millis === undefined) return publishing;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const reason = `the program was not durable within ${millis} ms (update_confirmation_timeout)`;
      reject(new LightconeError("LC_PUBLISH_UNCONFIRMED", reason));
    }, millis);
  });
  try {
    return await Promise.race([publishing, late]);
  } finally {
    clearTimeout(timer);
  }
}
