// A page that uses every method of the service. Components of Angular need packages of its build; what a component does
// with signals, an effect does here.
import "@angular/compiler";
import {
  createEnvironmentInjector,
  effect,
  ErrorHandler,
  platformCore,
  provideZonelessChangeDetection,
  runInInjectionContext,
  signal,
  ɵINJECTOR_SCOPE as injectorScope,
  ɵinternalCreateApplication as createApplication,
} from "@angular/core";
import { injectLightcone, provideLightcone } from "@lightcone/sdk-client/angular";
import type { DbConnection } from "../bindings/bank/index.js";
import { connectBank } from "./connect.ts";

const connection = connectBank();
Object.assign(globalThis, { connection });
const root = document.getElementById("root") ?? document.body;

function text(id: string, read: () => unknown): void {
  const element = document.createElement("p");
  element.id = id;
  root.append(element);
  effect(() => {
    element.textContent = String(read());
  });
}

function button(name: string, press: () => unknown): void {
  const element = document.createElement("button");
  element.textContent = name;
  element.addEventListener("click", () => void press());
  root.append(element);
}

function accounts(): void {
  const lightcone = injectLightcone<DbConnection>();
  const { db, reducers, status } = lightcone;
  const least = signal(0n);
  const id = signal(1);
  const subscription = lightcone.subscription("SELECT * FROM account");
  const all = lightcone.rows(db.account);
  const rich = lightcone.rows(db.account, () => {
    const bound = least();
    return { where: ({ balance }) => balance > bound };
  });
  const one = lightcone.row(db.account, () => ({ id: id() }));
  const { call, isPending, error, reset } = lightcone.call(reducers.transfer);
  text("status", () => status().kind);
  text("subscription", () => subscription().kind);
  text("count", () => all().length);
  text("rich", () => rich().map((account) => account.id));
  text("one", () => one()?.balance);
  text("call", () => (isPending() ? "pending" : (error()?.message ?? "idle")));
  button("transfer", () => call({ from: 1, to: 2, amount: 600n }));
  button("transfer nothing", () => call({ from: 1, to: 1, amount: 1n }));
  button("reset", reset);
  button("rich only", () => least.set(1000n));
  button("the second", () => id.set(2));
}

const platform = platformCore();
const app = await createApplication({
  appProviders: [
    { provide: injectorScope, useValue: "root" },
    provideZonelessChangeDetection(),
    { provide: ErrorHandler, useFactory: () => new ErrorHandler() },
    provideLightcone(connection),
  ],
  platformProviders: [],
});
const component = createEnvironmentInjector([], app.injector);
button("toggle", () => component.destroy());
runInInjectionContext(component, accounts);
Object.assign(globalThis, { platform });
