import { type Identity, identityFromClaims, LightconeError } from "@lightcone/abi";
import { type Test, test } from "tap";
import { ManualClock } from "../base/clock.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import { limit } from "../base/limit.ts";
import { seededRandom } from "../base/random.ts";
import { Control, nameCountMax } from "./control.ts";

const identity = (name: string): Identity => identityFromClaims("localhost", name);
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

void test("a deleted database is out of sight, and its names are its owner's", async (t) => {
  const control = await openControl(new MemoryDisk());
  const chat = await create(control, "chat");
  await control.addName(chat, "talk", alice);
  await control.deleted.add(chat, 1000n);
  t.equal(control.database(chat), undefined);
  t.same(dump(control), []);
  t.equal(control.identityOfName("talk"), undefined);
  await control.deleted.add(chat, 1000n);
  await refused(t, control.addName(chat, "talk", alice), "LC_DATABASE_UNKNOWN");
  await refused(t, control.replaceNames(chat, ["talk"], alice), "LC_DATABASE_UNKNOWN");
  await refused(t, control.setLocked(chat, true), "LC_DATABASE_UNKNOWN");
  t.throws(() => control.reserve("talk", identity("x"), bob), { code: "LC_NAME_TAKEN" });
  const talk = await create(control, "talk", alice);
  t.same(control.deleted.names(chat), ["chat"], "the owner may use a name again");
  t.ok(control.deleted.identityOfName("chat")?.equals(chat));

  await control.deleted.restore(chat);
  t.same(control.names(chat), ["chat"]);
  t.same(control.names(talk), ["talk"]);
  t.ok(control.database(chat)?.owner.equals(alice));
  await refused(t, control.deleted.restore(chat), "LC_DATABASE_UNKNOWN");
  await control.deleted.add(chat, 1000n);
  await control.deleted.purge(chat);
  t.same(control.deleted.list(), []);
  await create(control, "chat", bob);
});

void test("a locked database is not deleted, whoever looked before", async (t) => {
  const control = await openControl(new MemoryDisk());
  const chat = await create(control, "chat");
  await control.setLocked(chat, true);
  await refused(t, control.deleted.add(chat, 1000n), "LC_FORBIDDEN");
  t.equal(control.database(chat)?.isLocked, true);
});

void test("the time of service grows while there is a host, and at no other time", async (t) => {
  const disk = new MemoryDisk();
  const control = await openControl(disk);
  const start = control.deleted.serviceMicros();
  clock.advance(5_000_000n);
  clock.set(clock.nowMicros() + 1_000_000_000_000n);
  t.equal(
    control.deleted.serviceMicros() - start,
    5_000_000n,
    "a calendar that jumps does not count",
  );
  await control.deleted.saveServiceTime();
  clock.advance(1_000_000n);
  await control.close();
  clock.advance(9_000_000n);
  const found = await openControl(disk);
  t.equal(found.deleted.serviceMicros() - start, 5_000_000n, "what was saved, and no time between");
});

void test("a database remembers its programs and its roles", async (t) => {
  const disk = new MemoryDisk();
  const control = await openControl(disk);
  const chat = identity("db");
  await control.reserve("chat", chat, alice).commit({ programHash: "h0", cause: "created" });
  for (let i = 1; i <= limit.versionCountMax; i++) {
    await control.versions.add(chat, { programHash: `h${i}`, by: bob, cause: "updated" });
  }
  await control.grants.set(chat, bob, "viewer");
  await control.grants.set(chat, bob, "developer");
  await control.grants.set(chat, alice, "viewer");
  await control.grants.set(chat, alice, undefined);
  await control.close();
  const found = await openControl(disk);
  const versions = found.versions.list(chat);
  t.equal(versions.length, limit.versionCountMax, "the oldest is forgotten");
  t.match(versions[0], { number: 2, programHash: "h1", cause: "updated" });
  t.match(versions.at(-1), { number: limit.versionCountMax + 1, by: bob });
  t.same(found.grants.list(chat), [{ identity: bob, role: "developer" }]);
  t.equal(found.database(chat)?.roleOf(bob), "developer");
  await found.deleted.add(chat, 0n);
  await refused(t, found.grants.set(chat, bob, "viewer"), "LC_DATABASE_UNKNOWN");
  await refused(
    t,
    found.versions.add(chat, { programHash: "x", by: bob, cause: "updated" }),
    "LC_DATABASE_UNKNOWN",
  );
  await found.deleted.purge(chat);
  t.same([found.versions.list(chat), found.grants.list(chat)], [[], []]);
});

void test("a database has a limited number of grants", async (t) => {
  const control = await openControl(new MemoryDisk());
  const chat = await create(control, "chat");
  const others = Array.from({ length: limit.grantCountMax }, (_, i) => identity(`other ${i}`));
  await Promise.all(others.map((each) => control.grants.set(chat, each, "viewer")));
  await refused(t, control.grants.set(chat, bob, "viewer"), "LC_LIMIT");
  await control.grants.set(chat, identity("other 3"), "developer");
  t.equal(control.grants.list(chat).length, limit.grantCountMax);
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

void test("a crash at any step of a first publish leaves a database or a note of its files", async (t) => {
  for (const operation of ["write", "sync", "any"] as const) {
    for (let successCount = 0; successCount < 8; successCount++) {
      const disk = new MemoryDisk();
      const control = await openControl(disk);
      disk.failAfter(operation, successCount, "EIO");
      const chat = identity("db");
      let hasFiles = false;
      let isAnswered = false;
      try {
        const reservation = control.reserve("chat", chat, alice);
        await reservation.begin();
        hasFiles = true;
        await reservation.commit({ programHash: "h", cause: "created" });
        isAnswered = true;
      } catch (thrown) {
        t.match(thrown, { code: "LC_DISK" });
      }
      const found = await openControl(disk.crash(seededRandom(successCount)));
      const title = `${operation} ${successCount}`;
      const isKnown = found.database(chat) !== undefined;
      const isNoted = found.beginnings().length === 1;
      if (isAnswered) t.ok(isKnown, title);
      if (hasFiles) t.not(isKnown, isNoted, `${title}: its files belong to it, or are to go`);
      t.same(found.names(chat), isKnown ? ["chat"] : [], title);
      t.equal(found.versions.list(chat).length, isKnown ? 1 : 0, title);
    }
  }
});
