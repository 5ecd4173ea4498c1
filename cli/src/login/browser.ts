// Shows a page in the browser of whoever sits at this machine.
import { spawn } from "node:child_process";

const openers: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ["open"],
  // Unlike `start`, it takes the URL as it is: an ampersand ends no command.
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** Best effort: where there is no browser nothing happens, and the URL has been printed as well. */
export function openBrowser(url: string): void {
  const [command, ...args] = openers[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
