// The benchmark `transfer` and its cases; README.md tells what each is.
import type { Bench } from "../contract.ts";
import { engineCase } from "./engine-case.ts";
import { alphas, languages } from "./settings.ts";
import { echoCase, oneInFlightCase, socketsCase } from "./sockets-case.ts";

export const transferBench: Bench = {
  name: "transfer",
  summary: "transfers between accounts, in the engine and over sockets",
  windowSeconds: 8,
  // The echo stands beside what it is compared with, so that both meet the machine in the same
  // state.
  runs: [
    ...alphas.flatMap((alpha) => languages.map((language) => engineCase(language, alpha))),
    echoCase(),
    ...alphas.flatMap((alpha) => languages.map((language) => socketsCase(language, alpha))),
    oneInFlightCase(false),
    oneInFlightCase(true),
  ],
};
