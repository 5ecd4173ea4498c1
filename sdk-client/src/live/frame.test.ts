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

void test("one callback of the frame tells everybody, whatever a listener throws", async (t) => {
  const frames: (() => void)[] = [];
  const { requestAnimationFrame, cancelAnimationFrame } = globalThis;
  t.teardown(() => Object.assign(globalThis, { requestAnimationFrame, cancelAnimationFrame }));
  Object.assign(globalThis, {
    requestAnimationFrame: (run: () => void) => frames.push(run),
    cancelAnimationFrame: () => undefined,
  });
  const errors = t.capture(console, "error");
  const notifiers = Array.from({ length: 3 }, () => new Notifier());
  const told = [0, 0, 0];
  for (const [place, notifier] of notifiers.entries()) {
    const source = { get: () => 0, subscribe: (listener: () => void) => notifier.add(listener) };
    const stop = subscribePerFrame(source)(() => {
      told[place] = (told[place] ?? 0) + 1;
      if (place === 0 && told[0] === 2) throw new Error("a listener failed");
    });
    t.teardown(stop);
  }
  for (let round = 0; round < 2; round++) {
    for (const notifier of notifiers) notifier.notify();
    await Promise.resolve();
  }
  t.same(told, [1, 1, 1]);
  t.equal(frames.length, 1);
  frames[0]?.();
  t.same(told, [2, 2, 2]);
  t.equal(frames.length, 2, "the next frame ends the wait");
  frames[1]?.();
  t.match(errors(), [{ args: [{ message: "a listener failed" }] }]);
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
