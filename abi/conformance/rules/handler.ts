// HTTP handlers and their routes; and what bounds every call.
import type { RawHttpMethod, RawHttpRoute } from "../../src/schema/raw-v10.ts";
import { Finish } from "../machine.ts";
import { makeGuest, type StaticScript, StaticScripts } from "../guest.ts";
import { param } from "../layout.ts";
import { expectEqual, fail, type Rule, rulesAbout } from "../rule.ts";
import { at, type Script } from "../script.ts";
import { failedStatus } from "../session.ts";
import { errno, insert, last, pair } from "./world.ts";

const scripts = new StaticScripts();

/** No header but one, HTTP/1.1, a status. */
const response = (status: number): number[] => {
  const header = [...Buffer.from("x-suite"), 3, 0, 0, 0, ...Buffer.from("yes")];
  return [1, 0, 0, 0, 7, 0, 0, 0, ...header, 2, status & 0xff, status >> 8];
};

function respond(s: Script, status: number): void {
  const bytes = response(status);
  s.call(0, "bytes_sink_write", at(param.sink), s.place(bytes), s.word(bytes.length));
}

const say = (text: string, status = 200): StaticScript =>
  scripts.make((s) => {
    respond(s, status);
    const [place, length] = s.text(text);
    s.call(0, "bytes_sink_write", at(param.bodySink), place, s.word(length));
  });

const plain = <Tag extends string>(tag: Tag): { readonly tag: Tag; readonly value: undefined } => ({
  tag,
  value: undefined,
});
type PlainMethod = Exclude<RawHttpMethod["tag"], "Extension">;
const route = (name: string, method: PlainMethod | "Any", path: string): RawHttpRoute => ({
  handler_function: name,
  method: method === "Any" ? plain("Any") : { tag: "Method", value: plain(method) },
  path,
});

/** Keeps request and body, as hexadecimal digits in the response. */
const showing = scripts.make(
  (s) => {
    respond(s, 200);
    const [buffer, length] = [s.room(512), s.word(512)];
    s.call(last, "bytes_source_read", at(param.args), buffer, length);
    s.watch(buffer, 1, () => undefined);
    s.watch(param.bodySource, 4, () => undefined);
    s.call("any", "table_id_from_name", ...s.text("pair"), s.word());
  },
  { finish: Finish.body },
);

const echo = scripts.make((s) => {
  respond(s, 200);
  const [buffer, length] = [s.room(512), s.word(512)];
  s.call(last, "bytes_source_read", at(param.bodySource), buffer, length);
  s.call(0, "bytes_sink_write", at(param.bodySink), buffer, length);
});

const storing = scripts.make((s) => {
  respond(s, 204);
  s.call(0, "procedure_start_mut_tx", s.room(8));
  insert(s, pair, { left: 40, right: 1 });
  s.call(0, "procedure_commit_mut_tx");
});

const handlers: readonly (readonly [string, StaticScript, RawHttpRoute])[] = [
  ["hello", say("hello", 201), route("hello", "Get", "/hello")],
  ["root", say("root"), route("root", "Any", "")],
  ["echo", echo, route("echo", "Post", "/echo")],
  ["shown", showing, route("shown", "Any", "/shown")],
  ["stored", storing, route("stored", "Put", "/stored")],
  ["broken", scripts.make((s) => s.call("any", "unreachable")), route("broken", "Get", "/broken")],
  ["refusing", scripts.make(() => undefined, { code: 1 }), route("refusing", "Get", "/refusing")],
];

export const handlerProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: {
      tables: [pair],
      reducers: [{ name: "run" }],
      handlers: handlers.map(([name]) => name),
      routes: handlers.map(([, , one]) => one),
    },
    scripts,
    handlers: handlers.map(([, script]) => script),
  });

export const handlerRules: readonly Rule[] = rulesAbout("HTTP handlers", "handler", [
  {
    name: "response",
    states: "Status and headers come from the first sink, the body from the second.",
    check: async (session) => {
      const answer = await session.client.send("GET", `${session.name}/route/hello`);
      const header = answer.headers.get("x-suite");
      expectEqual([answer.status, answer.text, header], [201, "hello", "yes"], "the response");
    },
  },
  {
    name: "path",
    states: "A path is matched as a whole.",
    check: async (session) => {
      for (const path of ["/hello/", "/hell", "/hello/you"]) {
        const { status } = await session.client.send("GET", `${session.name}/route${path}`);
        expectEqual(status, 404, `the status for ${path}`);
      }
    },
  },
  {
    name: "method",
    states: "A route for one method has no other.",
    check: async (session) => {
      const { status } = await session.client.send("DELETE", `${session.name}/route/hello`);
      expectEqual(status, 404, "the status");
    },
  },
  {
    name: "any-method",
    states: "A route for any method has all of them; the empty path is the prefix itself.",
    check: async (session) => {
      for (const method of ["GET", "POST", "DELETE"]) {
        const { status, text } = await session.client.send(method, `${session.name}/route`);
        expectEqual([status, text], [200, "root"], `the response to ${method}`);
      }
    },
  },
  {
    name: "body",
    states: "The request's body is a source of its own.",
    check: async (session) => {
      const path = `${session.name}/route/echo`;
      const { text } = await session.client.send("POST", path, "some bytes");
      expectEqual(text, "some bytes", "the echo");
    },
  },
  {
    name: "no-body",
    states: "A request without a body has the source 0, and there is no transaction.",
    check: async (session) => {
      const { text } = await session.client.send("DELETE", `${session.name}/route/shown`);
      expectEqual(text.slice(0, 10), "04" + "00000000", "method and body source");
      expectEqual(Number.parseInt(text.slice(-16, -14), 16), errno.notInTransaction, "the answer");
    },
  },
  {
    name: "transaction",
    states: "A handler opens transactions as a procedure does.",
    check: async (session) => {
      const { status } = await session.client.send("PUT", `${session.name}/route/stored`);
      expectEqual(status, 204, "the status");
      await session.expectRows("SELECT * FROM pair WHERE left = 40", [[40, 1]]);
    },
  },
  {
    name: "trap",
    states: "A handler that traps answers 500.",
    check: async (session) => {
      const { status } = await session.client.send("GET", `${session.name}/route/broken`);
      expectEqual(status, 500, "the status");
    },
  },
  {
    name: "code",
    states: "So does one that answers another code than 0.",
    check: async (session) => {
      const { status } = await session.client.send("GET", `${session.name}/route/refusing`);
      expectEqual(status, 500, "the status");
    },
  },
]);

export const energyRules: readonly Rule[] = rulesAbout("Energy", "energy", [
  {
    name: "reported",
    states: "The answer to a reducer call says how much energy it used, more for more work.",
    check: async (session) => {
      const used = async (count: number): Promise<number> => {
        const { headers } = await session.runCode((s) => {
          for (let i = 0; i < count; i++) s.call("any", "count");
        }, 0);
        return Number(headers.get("spacetime-energy-used"));
      };
      const [little, much] = [await used(1), await used(400)];
      if (!(little > 0 && much > little)) fail(`${little} for little, ${much} for much`);
    },
  },
  {
    name: "endless",
    states: "A reducer that never ends is stopped when its energy is used up; the answer is 402.",
    check: async (session) => {
      const answer = await session.runCode((s) => {
        insert(s, pair, { left: 41, right: 1 });
        s.call("any", "spin");
      }, 0);
      expectEqual([answer.status, answer.text], [402, "Module energy budget exhausted."], "answer");
      await session.expectRows("SELECT * FROM pair WHERE left = 41", []);
    },
  },
  {
    name: "afterwards",
    states: "The database goes on with another instance.",
    check: async (session) => {
      const { status } = await session.runCode((s) => s.call("any", "count"), 1);
      expectEqual(status, failedStatus, "the status of a reducer that answers 1");
    },
  },
]);
