// A page of stores: the component in accounts.svelte takes them as its own.
import { mount, unmount } from "svelte";
import { connectBank } from "./connect.ts";
import Accounts from "./accounts.svelte";

const connection = connectBank();
Object.assign(globalThis, { connection });
const target = document.getElementById("root") ?? document.body;
let shown: Record<string, unknown> | undefined = mount(Accounts, { target, props: { connection } });
const toggle = document.createElement("button");
toggle.textContent = "toggle";
toggle.addEventListener("click", () => {
  if (shown !== undefined) void unmount(shown);
  shown = undefined;
});
document.body.append(toggle);
