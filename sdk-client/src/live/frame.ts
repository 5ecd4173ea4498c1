// What is drawn synchronously is drawn at most once a frame of the screen: a page that is slower than its changes would
// otherwise fall behind further with each of them.
import type { Stop } from "../event.ts";
import type { Source } from "./source.ts";

type Subscribe = Source<unknown>["subscribe"];

/** Without a frame for so long, as in a tab that is hidden, listeners are told all the same. */
const frameMsMax = 100;

const known = new WeakMap<object, Subscribe>();

/** As the source's own `subscribe`, but a listener that was told hears of later changes with the next frame, before it is painted. */
export function subscribePerFrame(source: Source<unknown>): Subscribe {
  let subscribe = known.get(source);
  if (subscribe === undefined) {
    subscribe = (listener) => follow(source, listener);
    known.set(source, subscribe);
  }
  return subscribe;
}

function follow(source: Source<unknown>, listener: () => void): Stop {
  let state: "idle" | "told" | "due" | "over" = "idle";
  const tell = (): void => {
    state = "told";
    onNextFrame(() => {
      if (state === "due") tell();
      else if (state === "told") state = "idle";
    });
    listener();
  };
  const stop = source.subscribe(() => {
    if (state === "idle") tell();
    else if (state === "told") state = "due";
  });
  return () => {
    state = "over";
    stop();
  };
}

/** What waits for the next frame. */
let due: (() => void)[] = [];

// One callback of the frame for everybody: React renders at the end of each callback, so that a thousand rows that change
// in one transaction would be a thousand renders.
function onNextFrame(run: () => void): void {
  if (due.push(run) > 1) return;
  if (typeof requestAnimationFrame !== "function") {
    queueMicrotask(runDue);
    return;
  }
  const once = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    runDue();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, frameMsMax);
}

function runDue(): void {
  const runs = due;
  due = [];
  for (const run of runs) {
    try {
      run();
    } catch (thrown) {
      console.error(thrown);
    }
  }
}
