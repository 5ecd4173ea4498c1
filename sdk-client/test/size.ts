// `npm run size`: how large programs become, and whether that is too large.
import { type AppName, apps, bundleApp, gzipLengthMax } from "./bundle.ts";

for (const name of Object.keys(apps) as AppName[]) {
  const { length, gzipLength } = await bundleApp(name);
  const isTooLong = gzipLength > gzipLengthMax;
  console.log(`${name}: ${length} bytes, ${gzipLength} as gzip${isTooLong ? ", too many" : ""}`);
  if (isTooLong) process.exitCode = 1;
}
