import { Identity, LightconeError } from "@lightcone/abi";
import { type Test, test } from "tap";
import { ManualClock } from "../base/clock.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import { seededRandom } from "../base/random.ts";
import { Control, nameCountMax } from "./control.ts";

const identity = (name: string): Identity => Identity.fromClaims("localhost", name);
const alice = identity("alice");
const bob = identity("bob");

const clock = new ManualClock(9n);
const openControl = (disk: MemoryDisk): Promise<Control> => Control.open(disk, clock);

/** Creates a database of alice's whose identity follows from its name. */
async function create(control: Control, name: string, owner = alice): Promise<Identity> {
  const reservation = control.reserve(name, identity(`db ${name}`), owner);
  await reservation.commit();
  clock.advance(1n);
  return reservation.identity;
}

/** All that control data says, in a form that can be compared. */
function dump(control: Control): object[] {
  return control.databases().map((record) => ({
    identity: record.identity.toHex(),
    owner: record.owner.toHex(),
    createdMicros: record.createdMicros,
    hostType: record.hostType,
    isLocked: record.isLocked,
    names: control.names(record.identity),
  }));
}

async function refused(t: Test, promise: Promise<unknown>, code: string): Promise<void> {
  await t.rejects(promise, { code }, code);
}

void test("what was answered is there after a restart and after a loss of power", async (t) => {
  const disk = new MemoryDisk();
  const control = await openControl(disk);
  const chat = await create(control, "chat");
  await create(control, "bank", bob);
  await control.reserve(undefined, identity("nameless"), alice).commit();
  await control.addName(chat, "talk", alice);
  await control.setLocked(chat, true);
  const before = dump(control);
  t.match(before[0], { owner: alice.toHex(), createdMicros: 9n, hostType: "Wasm" });
  t.equal(before.length, 3);
  for (const seed of [1, 2, 3]) {
    const found = await openControl(disk.crash(seededRandom(seed)));
    t.same(dump(found), before, `seed ${seed}`);
    t.equal(found.identityOfName("talk")?.toHex(), chat.toHex());
    t.same(
      found.databasesOf(alice).map((record) => record.identity.toHex()),
      [chat.toHex(), identity("nameless").toHex()],
    );
    await found.close();
  }
  await control.close();
  t.same(dump(await openControl(disk)), before, "after a close");
});

void test("a creation given up leaves nothing, and its name is free", async (t) => {
  const disk = new MemoryDisk();
  const control = await openControl(disk);
  const reservation = control.reserve("chat", identity("first"), alice);
  t.ok(control.pendingName("chat")?.owner.equals(alice));
  t.equal(control.identityOfName("chat"), undefined, "not there before the commit");
  t.throws(() => control.reserve("chat", identity("second"), bob), { code: "LC_NAME_TAKEN" });
  const { settled } = control.pendingName("chat") ?? { settled: undefined };
  reservation.abort();
  await settled;
  t.equal(control.pendingName("chat"), undefined);
  t.same(dump(control), []);
  const second = control.reserve("chat", identity("second"), bob);
  reservation.abort();
  t.ok(control.pendingName("chat"), "only the first end of a reservation counts");
  await second.commit();
  t.equal(control.identityOfName("chat")?.toHex(), identity("second").toHex());
});

void test("names lead to one database each", async (t) => {
  const control = await openControl(new MemoryDisk());
  const chat = await create(control, "chat");
  const bank = await create(control, "bank");
  t.throws(() => control.reserve("chat", identity("x"), alice), { code: "LC_NAME_TAKEN" });
  await refused(t, control.addName(bank, "chat", alice), "LC_NAME_TAKEN");
  await refused(t, control.addName(chat, "chat", alice), "LC_NAME_TAKEN");
  await refused(t, control.replaceNames(bank, ["new", "chat"], alice), "LC_NAME_TAKEN");
  t.same(control.names(bank), ["bank"], "a refusal changes nothing");
  t.equal(control.identityOfName("new"), undefined);
  const pending = control.reserve("soon", identity("soon"), bob);
  await refused(t, control.addName(bank, "soon", alice), "LC_NAME_TAKEN");
  await refused(t, control.replaceNames(bank, ["soon"], alice), "LC_NAME_TAKEN");
  pending.abort();

  await control.replaceNames(chat, ["talk", "chat", "talk"], alice);
  t.same(control.names(chat), ["chat", "talk"], "one's own names may stay");
  await control.replaceNames(chat, [], alice);
  t.same(control.names(chat), []);
  t.equal(control.identityOfName("chat"), undefined);
  await control.addName(bank, "chat", alice);
  t.equal(control.identityOfName("chat")?.toHex(), bank.toHex(), "a name given up is free");
});

void test("a database has a limited number of names", async (t) => {
  const control = await openControl(new MemoryDisk());
  const chat = await create(control, "chat");
  const names = Array.from({ length: nameCountMax }, (_, i) => `n${i}`);
  await refused(t, control.replaceNames(chat, [...names, "more"], alice), "LC_LIMIT");
  await control.replaceNames(chat, names, alice);
  await refused(t, control.addName(chat, "more", alice), "LC_LIMIT");
});

void test("deletion frees all names, and a deleted database cannot be changed", async (t) => {
  const control = await openControl(new MemoryDisk());
  const chat = await create(control, "chat");
  await control.addName(chat, "talk", alice);
  await control.delete(chat);
  t.equal(control.database(chat), undefined);
  t.same(dump(control), []);
  t.equal(control.identityOfName("talk"), undefined);
  await control.delete(chat);
  await refused(t, control.addName(chat, "talk", alice), "LC_DATABASE_UNKNOWN");
  await refused(t, control.replaceNames(chat, ["talk"], alice), "LC_DATABASE_UNKNOWN");
  await refused(t, control.setLocked(chat, true), "LC_DATABASE_UNKNOWN");
  await create(control, "talk", bob);
});

void test("a lock is kept and lifted", async (t) => {
  const control = await openControl(new MemoryDisk());
  const chat = await create(control, "chat");
  for (const isLocked of [true, true, false]) {
    await control.setLocked(chat, isLocked);
    t.equal(control.database(chat)?.isLocked, isLocked);
  }
  t.same(control.names(chat), ["chat"]);
});

void test("writes at the same time follow one another", async (t) => {
  const disk = new MemoryDisk();
  const control = await openControl(disk);
  const chat = await create(control, "chat");
  const names = Array.from({ length: 20 }, (_, i) => `n${i}`);
  await Promise.all(names.map((name) => control.addName(chat, name, alice)));
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => control.addName(chat, "x", alice)));
  t.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  await control.close();
  t.same((await openControl(disk)).names(chat), ["chat", "x", ...names].sort());
});

for (const operation of ["write", "sync"] as const) {
  void test(`a disk that fails to ${operation} refuses writes, keeps reads, and recovers`, async (t) => {
    const disk = new MemoryDisk();
    const control = await openControl(disk);
    const chat = await create(control, "chat");
    disk.failAfter(operation, 0, "ENOSPC");
    for (const name of ["one", "two"]) await refused(t, create(control, name), "LC_DISK");
    await refused(t, control.addName(chat, "talk", alice), "LC_DISK");
    t.same(control.names(chat), ["chat"]);
    t.equal(control.pendingName("one"), undefined, "the names are free again");
    disk.heal();
    await control.addName(chat, "talk", alice);
    t.same(control.names(chat), ["chat", "talk"]);
    await create(control, "three");
    await control.close();
    const found = await openControl(disk.crash(seededRandom(3)));
    t.same(dump(found), dump(control));
  });
}

void test("a crash at any write leaves what was answered, and nothing by half", async (t) => {
  for (let successCount = 0; successCount < 12; successCount++) {
    const disk = new MemoryDisk();
    const control = await openControl(disk);
    disk.failAfter("sync", successCount, "EIO");
    const answered: string[] = [];
    for (const name of ["a", "b", "c", "d", "e", "f"]) {
      try {
        await create(control, name);
        answered.push(name);
      } catch (thrown) {
        t.ok(thrown instanceof LightconeError);
        break;
      }
    }
    const found = await openControl(disk.crash(seededRandom(successCount)));
    const names = found.databases().flatMap((record) => {
      const own = found.names(record.identity);
      t.equal(own.length, 1, "a database and its name are one transaction");
      return own;
    });
    t.same(names.sort().slice(0, answered.length), answered, `${successCount} syncs`);
    t.ok(names.length <= answered.length + 1);
  }
});
