// One simulated world: a machine that works, is stopped, finds its disk again and goes on, beside a
// model that knows what it must find. Everything that happens is drawn from one seed.
import { LightconeError } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { ManualClock } from "../../src/base/clock.ts";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { type CrashEffects, noCrashEffects } from "../../src/base/disk/memory-file.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { LogListener } from "../../src/log/contract.ts";
import { checkState, expect, Violation } from "./check.ts";
import { type DiskLies, SimulatedDisk } from "./disk.ts";
import { type Engine, hostEngine, type Machine } from "./engine.ts";
import { type Recover, recoverFromLog, startMachine } from "./engine.ts";
import { Faults } from "./faults.ts";
import { flipBit } from "./flip.ts";
import { randomInputs } from "./inputs.ts";
import { History } from "./model.ts";
import { CrashPlan } from "./plan.ts";
import type { Tally } from "./tally.ts";
import { type Life, runTransaction } from "./transaction.ts";
import { Turns } from "./turns.ts";

/** A further kind of thing that can happen between two transactions (a snapshot, say). */
export interface ExtraStep {
  /** How often, beside the 1,000 of all others. */
  readonly weight: number;
  /** Runs in the world's time: its disk calls wait for their turns like all others. */
  run(machine: Machine, disk: SimulatedDisk, rng: Rng): void;
}

export interface WorldOptions {
  readonly engine?: Engine;
  readonly lies?: DiskLies;
  readonly recover?: Recover;
  readonly extraSteps?: readonly ExtraStep[];
}

/** More starts of one machine than any seed can need: each fault ends, and is healed before long. */
const startCountMax = 50;
/** As above, for the disk calls of one start or stop. */
const turnCountMax = 5000;

const segmentSizes: readonly number[] = [600, 2500, 9000, 40_000];

export class World {
  readonly #rng: Rng;
  readonly #tally: Tally;
  readonly #engine: Engine;
  readonly #options: WorldOptions;
  readonly #clock = new ManualClock(1_700_000_000_000_000n);
  readonly #history = new History();
  readonly #segmentBytesMax: number;
  readonly #isUniform: boolean;
  readonly #plan = new CrashPlan();
  readonly #effects: CrashEffects = noCrashEffects();
  #inner = new MemoryDisk();
  #faults: Faults;
  #turns: Turns;
  #disk: SimulatedDisk;
  #life: Life | undefined;
  #failure: LightconeError | undefined;
  /** The log takes nothing any more, and is about to say that it failed. */
  #isFailing = false;
  #violation: Error | undefined;
  /** Steps until the machine stops once more; a second crash meets what the first has left. */
  #stepsToRelapse = Infinity;

  constructor(rng: Rng, tally: Tally, options: WorldOptions) {
    this.#rng = rng;
    this.#tally = tally;
    this.#options = options;
    this.#engine = options.engine ?? hostEngine;
    this.#segmentBytesMax = rng.pick(segmentSizes);
    this.#isUniform = rng.nextBelow(4) === 0;
    this.#faults = new Faults(rng, tally);
    this.#turns = new Turns(rng, tally);
    this.#disk = this.#plug();
  }

  /** Lives through `stepCount` steps and at least one crash. Throws a Violation. */
  async run(stepCount: number): Promise<void> {
    await this.#start();
    for (let step = 0; step < stepCount; step++) {
      if (this.#stepsToRelapse-- === 0) this.#stop();
      else await this.#step();
      if (this.#violation !== undefined) throw this.#violation;
      if (this.#disk.isStopped) await this.#recoverFromCrash();
      else if (this.#failure !== undefined) await this.#recoverFromFailure();
    }
    this.#tally.count("steps", stepCount);
    if (!this.#disk.isStopped) this.#stop();
    this.#faults.heal();
    await this.#recoverFromCrash();
    this.#countEffects();
  }

  #countEffects(): void {
    const effects = this.#effects;
    this.#tally.count("unsynced bytes lost", effects.lossCount);
    this.#tally.count("write torn", effects.tornWriteCount);
    this.#tally.count("sectors scattered", effects.scatteredWriteCount);
    this.#tally.count("name lost", effects.lostNameCount);
    this.#tally.count("names reordered", effects.reorderedNameCount);
  }

  async #step(): Promise<void> {
    this.#clock.advance(BigInt(this.#rng.nextBelow(10_000)));
    const extra = this.#options.extraSteps ?? [];
    const weights = extra.reduce((sum, { weight }) => sum + weight, 0);
    const action = this.#rng.nextBelow(1000 + weights);
    if (action < 640 && !this.#isFailing) this.#transact();
    else if (action < 900) await this.#giveTurn();
    else if (action < 978) this.#flush();
    else if (action < 982) this.#faults.strike();
    else if (action < 992) this.#faults.heal();
    else if (action < 995) this.#plan.arm(this.#rng);
    else if (action < 996) this.#stop();
    else if (action < 997) await this.#restart();
    else if (action < 998) await this.#flip();
    else if (action < 1000) this.#check();
    else this.#runExtra(extra, action - 1000);
  }

  /** Lets the disk go on. When it has done all, the log must have said so, or that it failed. */
  async #giveTurn(): Promise<void> {
    await this.#turns.give();
    if (this.#turns.count > 0 || this.#disk.isStopped || this.#failure !== undefined) return;
    expect(!this.#isFailing, "the log takes nothing any more and does not say why");
    const { nextOffset, durableOffset } = this.#living().machine.log;
    expect(durableOffset === nextOffset - 1, `${durableOffset} is durable of ${nextOffset}`);
  }

  #runExtra(extra: readonly ExtraStep[], at: number): void {
    let rest = at;
    const step = extra.find(({ weight }) => (rest -= weight) < 0);
    const { machine } = this.#living();
    step?.run(machine, this.#disk, this.#rng);
  }

  #living(): Life {
    if (this.#life === undefined) throw new Violation("the machine is not running");
    return this.#life;
  }

  #transact(): void {
    const inputs = randomInputs(this.#rng, this.#clock.nowMicros());
    try {
      runTransaction(this.#living(), this.#rng, inputs, this.#tally);
    } catch (thrown) {
      this.#expectDiskError(thrown);
      this.#isFailing = true;
    }
  }

  #flush(): void {
    const { log } = this.#living().machine;
    const wanted = log.nextOffset - 1;
    log.flush().then(
      () => {
        this.#note(() => {
          expect(log.durableOffset >= wanted, `a flush of ${wanted} ended at ${log.durableOffset}`);
        });
      },
      (thrown: unknown) => {
        this.#note(() => this.#expectDiskError(thrown));
      },
    );
  }

  /** Keeps a violation that came to light where it would be lost. */
  #note(check: () => void): void {
    try {
      check();
    } catch (thrown) {
      this.#violation ??= thrown instanceof Error ? thrown : new Violation(String(thrown));
    }
  }

  #check(): void {
    if (this.#isFailing) return;
    const { machine, tables } = this.#living();
    const { made } = this.#history.stateAt(this.#history.lastOffset);
    checkState(machine.datastore, { tables, made }, this.#rng);
  }

  async #flip(): Promise<void> {
    const image = this.#inner.crash(seededRandom(this.#rng.nextU32()));
    await flipBit(this.#engine, image, this.#history, this.#rng, this.#tally);
  }

  /** Closes the log in order, and starts again. */
  async #restart(): Promise<void> {
    const { log } = this.#living().machine;
    const outcome = await this.#finish(log.close());
    if (outcome === "stopped") return;
    if (outcome instanceof LightconeError) {
      this.#failure ??= outcome;
      return;
    }
    this.#tally.count("logs closed");
    this.#history.acknowledge(this.#history.lastOffset);
    this.#disk = this.#plug();
    await this.#start();
  }

  /** Stops the machine now. */
  #stop(): void {
    this.#disk.stop();
  }

  /** The machine has stopped: finds out what its disk holds, and starts again. */
  async #recoverFromCrash(): Promise<void> {
    this.#replaceMachine(3 / 4);
    await this.#start();
    if (this.#isUniform && this.#rng.nextBelow(2) === 0) {
      this.#stepsToRelapse = 1 + this.#rng.nextBelow(12);
    }
  }

  /** A machine stopped by a loss of power, or as a process whose system keeps what it wrote. */
  #replaceMachine(powerLossShare: number): void {
    this.#plan.disarm();
    if (this.#rng.nextF64() < powerLossShare) {
      this.#tally.count("power lost");
      this.#inner = this.#inner.crash(seededRandom(this.#rng.nextU32()), this.#effects);
    } else {
      this.#tally.count("process killed");
    }
    this.#disk = this.#plug();
  }

  /** The disk refused: what is in memory is not used any more. */
  async #recoverFromFailure(): Promise<void> {
    this.#tally.count("logs failed");
    this.#disk.stop();
    this.#disk = this.#plug();
    await this.#start();
  }

  /** A machine's own view of the disk: an older one finds it no more. */
  #plug(): SimulatedDisk {
    this.#turns = new Turns(this.#rng, this.#tally);
    const fate = {
      rng: this.#rng,
      tally: this.#tally,
      turns: this.#turns,
      faults: this.#faults,
      isLast: this.#plan.isLast.bind(this.#plan),
    };
    return new SimulatedDisk(this.#inner, fate, this.#options.lies);
  }

  /** Starts until a start succeeds, through crashes and failures, and compares what was found. */
  async #start(): Promise<void> {
    for (let count = 0; count < startCountMax; count++) {
      this.#life = undefined;
      this.#failure = undefined;
      this.#isFailing = false;
      if (this.#rng.nextBelow(4) === 0) this.#plan.armForStart(this.#rng);
      if (this.#rng.nextBelow(20) === 0) this.#faults.strikeReads();
      const listener = this.#listener(this.#disk);
      const disk = this.#disk;
      const replayed: string[] = [];
      const starting = startMachine(disk, {
        engine: this.#engine,
        recover: this.#options.recover ?? recoverFromLog,
        onReplayed: (_offset, inputs) => replayed.push(inputs),
        listener,
        schedule: (task) => this.#turns.add(task),
        segmentBytesMax: this.#segmentBytesMax,
      });
      const outcome = await this.#finish(starting);
      if (outcome === "stopped") {
        this.#tally.count("stopped during recovery");
        this.#replaceMachine(1 / 2);
        continue;
      }
      if (outcome instanceof LightconeError) {
        this.#tally.count("failed during recovery");
        if (this.#rng.nextBelow(2) === 0) this.#faults.heal();
        this.#disk.stop();
        this.#disk = this.#plug();
        continue;
      }
      this.#adopt(outcome, replayed);
      return;
    }
    throw new Violation(`${startCountMax} starts in a row have failed`);
  }

  /** Takes a started machine, if it found what it must. */
  #adopt(machine: Machine, replayed: readonly string[]): void {
    const history = this.#history;
    const last = machine.log.nextOffset - 1;
    const { acknowledged, lastOffset } = history;
    expect(last >= acknowledged, `${last} is the last found, ${acknowledged} was durable`);
    expect(last <= lastOffset, `${last} is the last found, ${lastOffset} was the last written`);
    for (const [offset, inputs] of replayed.entries()) {
      expect(history.entries[offset]?.inputs === inputs, `the inputs of ${offset} are others`);
    }
    this.#tally.count("recoveries");
    this.#tally.count("transactions replayed", last + 1);
    this.#tally.count("transactions lost, none acknowledged", lastOffset - last);
    history.cut(last);
    const state = history.stateAt(last);
    checkState(machine.datastore, state, this.#rng);
    this.#life = {
      engine: this.#engine,
      machine,
      history,
      tables: new Map(state.tables),
      ids: new Map(state.made.map(({ shape, id }) => [shape.name, id])),
      isUniform: this.#isUniform,
      drawn: history.drawnValues(),
    };
  }

  #listener(disk: SimulatedDisk): LogListener {
    return {
      onDurable: (offset) => {
        // What a machine says after it stopped, nobody hears.
        if (disk.isStopped) return;
        const { acknowledged, lastOffset } = this.#history;
        this.#note(() => {
          expect(offset > acknowledged, `${offset} became durable after ${acknowledged}`);
          expect(offset <= lastOffset, `${offset} became durable and is not written`);
        });
        this.#history.acknowledge(offset);
      },
      onFailure: (error) => {
        if (disk.isStopped) return;
        this.#note(() => this.#expectDiskError(error));
        this.#failure = error;
      },
    };
  }

  #expectDiskError(thrown: unknown): void {
    if (thrown instanceof LightconeError && thrown.code === "LC_DISK") return;
    throw thrown;
  }

  /** Gives turns until a promise settles, or the machine stops. */
  async #finish<T>(promise: Promise<T>): Promise<T | LightconeError | "stopped"> {
    let result: { readonly value: T | LightconeError } | undefined;
    let thrown: { readonly value: unknown } | undefined;
    promise.then(
      (value) => (result = { value }),
      (error: unknown) => (thrown = { value: error }),
    );
    for (let count = 0; count < turnCountMax; count++) {
      if (result !== undefined) return result.value;
      if (thrown !== undefined) {
        this.#expectDiskError(thrown.value);
        return thrown.value as LightconeError;
      }
      if (this.#disk.isStopped) return "stopped";
      await this.#turns.give();
    }
    throw new Violation(`nothing has come of ${turnCountMax} turns`);
  }
}
