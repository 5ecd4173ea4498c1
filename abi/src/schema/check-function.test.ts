// Each rule of module-def.md section 7, broken alone in an otherwise sound module: exactly the
// faults named come back.
import { test } from "tap";
import * as make from "../../test/definition.ts";
import { check } from "../../test/faults.ts";
import {
  type AlgebraicType,
  array,
  identityType,
  option,
  product,
  ref,
  sum,
} from "../sats/type.ts";
import type { RawModuleDefV10 } from "./raw-v10.ts";

void test("lifecycle", async (t) => {
  const lifecycle = (
    ...assigned: readonly (readonly ["Init" | "OnConnect", string])[]
  ): RawModuleDefV10 =>
    make.module10({
      LifeCycleReducers: assigned.map(([event, name]) => ({
        lifecycle_spec: make.plain(event),
        function_name: name,
      })),
      Reducers: [
        make.reducer10("start"),
        make.reducer10("begin"),
        make.reducer10("tick", { params: make.rawParams({ row: ref(1) }) }),
      ],
    });
  check(t, [
    ["sound", lifecycle(["Init", "start"], ["OnConnect", "begin"])],
    [
      "no such reducer",
      lifecycle(["Init", "stop"]),
      "lifecycle Init names `stop`, which is no reducer",
    ],
    [
      "two events for a reducer",
      lifecycle(["Init", "start"], ["OnConnect", "start"]),
      "reducer `start`: it has two lifecycle events",
    ],
    [
      "two reducers for an event",
      lifecycle(["Init", "start"], ["Init", "begin"]),
      "reducers `start` and `begin` are both for init",
    ],
  ]);
});

void test("functions", async (t) => {
  const reducers = (...more: readonly ReturnType<typeof make.reducer10>[]): RawModuleDefV10 =>
    make.module10({
      Reducers: [
        make.reducer10("tick", { params: make.rawParams({ row: ref(1) }) }),
        make.reducer10("start"),
        ...more,
      ],
    });
  const unnamed = make.reducer10("act", {
    params: { elements: [{ name: undefined, algebraic_type: make.raw(make.u32) }] },
  });
  const twice = make.reducer10("act", {
    params: {
      elements: ["a", "a"].map((name) => ({ name, algebraic_type: make.raw(make.u32) })),
    },
  });
  const inline = (type: AlgebraicType) =>
    make.reducer10("act", { params: make.rawParams({ it: type }) });
  const productFault = "a product type must stand in the typespace, not inline";
  const sumFault = "a sum type must stand in the typespace, not inline";
  check(t, [
    [
      "two of one canonical name",
      reducers(make.reducer10("doIt"), make.reducer10("do_it")),
      "reducer `do_it`: its name `do_it` is also that of reducer `doIt`",
    ],
    ["unnamed parameter", reducers(unnamed), "reducer `act`: parameter 0 has no name"],
    ["a name for two parameters", reducers(twice), "reducer `act`: it has two parameters `a`"],
    [
      "ok_return_type",
      reducers(make.reducer10("act", { ok_return_type: make.raw(make.u32) })),
      "reducer `act`: its ok_return_type must be the unit type",
    ],
    [
      "err_return_type",
      reducers(make.reducer10("act", { err_return_type: make.raw(make.u32) })),
      "reducer `act`: its err_return_type must be String",
    ],
    [
      "inline product",
      reducers(inline(make.types[3]!)),
      `reducer \`act\`, parameter \`it\`: ${productFault}`,
    ],
    [
      "inline sum",
      reducers(inline(make.types[2]!)),
      `reducer \`act\`, parameter \`it\`: ${sumFault}`,
    ],
    [
      "inline product inside",
      reducers(inline(array(option(make.types[3]!)))),
      `reducer \`act\`, parameter \`it\`: ${productFault}`,
    ],
    [
      "inline option, array, result, special",
      reducers(inline(option(array(sum({ ok: identityType, err: ref(3) }))))),
    ],
    [
      "query outside a view",
      reducers(inline(product({ __query__: ref(0) }))),
      "reducer `act`, parameter `it`: only a view can return a query",
    ],
    [
      "reference that leads nowhere",
      reducers(inline(array(ref(7)))),
      "reducer `act`: type reference 7 leads nowhere",
    ],
    [
      "a procedure of the same name",
      make.module10({
        Procedures: [
          {
            source_name: "add",
            params: make.rawParams({}),
            return_type: make.raw(make.types[3]!),
            visibility: make.plain("ClientCallable"),
          },
        ],
      }),
      "procedure `add`: its name `add` is also that of reducer `add`",
      `procedure \`add\`, return type: ${productFault}`,
    ],
  ]);
});

void test("views", async (t) => {
  const returning = (type: AlgebraicType): RawModuleDefV10 =>
    make.module10({ Views: [make.view10("best", { return_type: make.raw(type) })] });
  const keyed = (...columns: readonly string[]): RawModuleDefV10 =>
    make.module10({
      Views: [make.view10("best")],
      ViewPrimaryKeys: [{ view_source_name: "best", columns }],
    });
  const fault =
    "view `best`: it must return an option, an array or a query of a product in the typespace";
  check(t, [
    ["option", returning(option(ref(0)))],
    ["query", returning(product({ __query__: ref(0) }))],
    ["a row", returning(ref(0)), fault],
    ["array of numbers", returning(array(make.u32)), fault],
    ["array of a sum", returning(array(ref(2))), fault],
    ["inline rows", returning(array(make.types[3]!)), fault],
    [
      "a list with a gap",
      make.module10({ Views: [make.view10("a"), make.view10("b", { index: 2 })] }),
      "anonymous views must be numbered from 0 without gaps, not 0, 2",
    ],
    [
      "a number twice",
      make.module10({
        Views: ["a", "b"].map((name) => make.view10(name, { is_anonymous: false })),
      }),
      "views that know their sender must be numbered from 0 without gaps, not 0, 0",
    ],
    ["key", keyed("name")],
    ["no key", keyed()],
    [
      "key of two columns",
      keyed("id", "name"),
      "view `best`: its primary key has 2 columns, only one is possible",
    ],
    [
      "key that is no column",
      keyed("x"),
      "view `best`: its primary key `x` is no column of its rows",
    ],
    [
      "key of no view",
      make.module10({ ViewPrimaryKeys: [{ view_source_name: "best", columns: [] }] }),
      "a primary key is for view `best`, which does not exist",
    ],
  ]);
});

void test("HTTP handlers and routes", async (t) => {
  type Method = "Any" | "Get" | "Post";
  const routes = (...list: readonly (readonly [Method, string, string?])[]): RawModuleDefV10 =>
    make.module10({
      HttpHandlers: [{ source_name: "hook" }],
      HttpRoutes: list.map(([method, path, handler]) => ({
        handler_function: handler ?? "hook",
        method:
          method === "Any"
            ? make.plain("Any")
            : { tag: "Method" as const, value: make.plain(method) },
        path,
      })),
    });
  const pathFault = "a path is empty or starts with / and has only a-z 0-9 - _ ~ /";
  const overlap = "another route has the same path and method";
  check(t, [
    ["sound", routes(["Any", ""], ["Get", "/"], ["Post", "/"], ["Any", "/a-b/c_d~1/"])],
    ["no slash", routes(["Any", "a"]), `route \`a\`: ${pathFault}`],
    ["capital", routes(["Any", "/A"]), `route \`/A\`: ${pathFault}`],
    ["query", routes(["Any", "/a?b"]), `route \`/a?b\`: ${pathFault}`],
    ["handler", routes(["Any", "/a", "other"]), "route `/a`: its handler `other` does not exist"],
    ["same method", routes(["Get", "/a"], ["Get", "/a"]), `route \`/a\`: ${overlap}`],
    ["any method", routes(["Get", "/a"], ["Any", "/a"]), `route \`/a\`: ${overlap}`],
    [
      "two handlers",
      make.module10({ HttpHandlers: [{ source_name: "onHook" }, { source_name: "on_hook" }] }),
      "two HTTP handlers are called `on_hook`",
    ],
    [
      "name of a handler",
      make.module10({ HttpHandlers: [{ source_name: "a/b" }] }),
      "an HTTP handler: its name `a/b` must start with a letter or _ and go on with letters, digits or _",
    ],
  ]);
});
