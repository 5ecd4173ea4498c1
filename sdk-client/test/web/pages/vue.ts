// A page that uses every composable.
import {
  lightcone,
  useCall,
  useConnection,
  useRow,
  useRows,
  useSubscription,
} from "@lightcone/sdk-client/vue";
import { createApp, defineComponent, h, ref } from "vue";
import type { DbConnection } from "../bindings/bank/index.js";
import { connectBank } from "./connect.ts";

const Accounts = defineComponent(() => {
  const { db, reducers, status } = useConnection<DbConnection>();
  const least = ref(0n);
  const id = ref(1);
  const subscription = useSubscription("SELECT * FROM account");
  const accounts = useRows(db.account);
  const rich = useRows(db.account, () => {
    const bound = least.value;
    return { where: ({ balance }) => balance > bound };
  });
  const one = useRow(db.account, () => ({ id: id.value }));
  const { call, isPending, error, reset } = useCall(reducers.transfer);
  return () =>
    h("main", [
      h("p", { id: "status" }, status.value.kind),
      h("p", { id: "subscription" }, subscription.value.kind),
      h("p", { id: "count" }, accounts.value.length),
      h("p", { id: "rich" }, rich.value.map((account) => account.id).join()),
      h("p", { id: "one" }, String(one.value?.balance)),
      h("p", { id: "call" }, isPending.value ? "pending" : (error.value?.message ?? "idle")),
      h("button", { onClick: () => call({ from: 1, to: 2, amount: 600n }) }, "transfer"),
      h("button", { onClick: () => call({ from: 1, to: 1, amount: 1n }) }, "transfer nothing"),
      h("button", { onClick: reset }, "reset"),
      h("button", { onClick: () => (least.value = 1000n) }, "rich only"),
      h("button", { onClick: () => (id.value = 2) }, "the second"),
    ]);
});

const App = defineComponent(() => {
  const isShown = ref(true);
  return () => [
    h("button", { onClick: () => (isShown.value = !isShown.value) }, "toggle"),
    isShown.value ? h(Accounts) : null,
  ];
});

const connection = connectBank();
Object.assign(globalThis, { connection });
createApp(App).use(lightcone(connection)).mount("#root");
