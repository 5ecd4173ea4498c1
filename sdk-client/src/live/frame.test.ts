import { test } from "tap";
import { subscribePerFrame } from "./frame.ts";
import { Notifier, type Source } from "./source.ts";

void test("told at once, then with the next frame, or soon where there are none", async (t) => {
  const frames = new Map<number, () => void>();
  const { requestAnimationFrame, cancelAnimationFrame } = globalThis;
  t.teardown(() => Object.assign(globalThis, { requestAnimationFrame, cancelAnimationFrame }));
  let lastFrame = 0;
  Object.assign(globalThis, {
    requestAnimationFrame: (run: () => void) => {
      frames.set(++lastFrame, run);
      return lastFrame;
    },
    cancelAnimationFrame: (frame: number) => frames.delete(frame),
  });
  const runFrames = (): void => {
    frames.forEach((run) => run());
  };
  const notifier = new Notifier();
  const source: Source<number> = { get: () => 0, subscribe: (listener) => notifier.add(listener) };
  const change = async (): Promise<void> => {
    notifier.notify();
    await Promise.resolve();
  };
  let told = 0;
  let wake: () => void = () => undefined;
  const stop = subscribePerFrame(source)(() => {
    told++;
    wake();
  });
  t.equal(subscribePerFrame(source), subscribePerFrame(source), "one function for a source");
  await change();
  t.equal(told, 1, "at once");
  await change();
  await change();
  t.equal(told, 1);
  runFrames();
  t.equal(told, 2, "with the frame");
  runFrames();
  t.equal(told, 2, "nothing new");
  await change();
  t.equal(told, 3, "at once again");
  await change();
  await new Promise<void>((resolve) => {
    wake = resolve;
  });
  t.equal(told, 4, "a hidden tab has no frames");
  await change();
  stop();
  runFrames();
  await change();
  t.equal(told, 4);
  t.equal(frames.size, 0);
});

void test("a server has no frames at all", async (t) => {
  const notifier = new Notifier();
  const source: Source<number> = { get: () => 0, subscribe: (listener) => notifier.add(listener) };
  let told = 0;
  t.teardown(
    subscribePerFrame(source)(() => {
      told++;
    }),
  );
  notifier.notify();
  await Promise.resolve();
  notifier.notify();
  await Promise.resolve();
  await Promise.resolve();
  t.equal(told, 2);
});
