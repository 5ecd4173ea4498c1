// Sends a host what schemathesis makes of the API's own description, good and bad, and fails if any answer is not as described:
// a status, a content type, a schema, or an error of the server that the description does not have.
//
//   npm run build && node scripts/schemathesis.mjs            schemathesis on PATH, or as install-tools.sh installs it
//   node scripts/schemathesis.mjs --tool PATH --examples 50   more of each operation than the default of 10
//
// The seed is fixed, so that a failure comes again.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What `npm run build` has made. */
const built = (path) => import(new URL(`../${path}`, import.meta.url));
const { readWasm } = await built("fixtures/dist/src/wasm.js");
const { startServer } = await built("host/dist/src/index.js");

const installed = fileURLToPath(
  new URL("../.tools/schemathesis/bin/schemathesis", import.meta.url),
);

const { values: flags } = parseArgs({
  options: {
    tool: { type: "string", default: existsSync(installed) ? installed : "schemathesis" },
    examples: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
  },
});

const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
];

/** Functions of the module that end soon whatever they are given, and one that is not there. */
const functions = ["add_entry", "add_two", "number_given", "send_signal", "read_claims", "nobody"];

async function send(base, method, path, token, body) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${base}${path}`, { method, headers, ...(body && { body }) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function publish(base, token, name, program) {
  const { Success } = await send(base, "PUT", `/v1/database/${name}`, token, program);
  return Success.database_identity;
}

/** Statuses of servers' errors that an operation declares. */
function declaredFaults({ responses }) {
  return Object.keys(responses)
    .map(Number)
    .filter((status) => status >= 500);
}

/** The settings that an operation needs: what it may answer, and which database it is to be tried with. */
function operationSettings(operation, spare) {
  const { operationId } = operation;
  const expected = ["2xx", "3xx", "4xx", ...declaredFaults(operation)];
  const lines = [
    "[[operations]]",
    `include-operation-id = "${operationId}"`,
    `checks.not_a_server_error.expected-statuses = ${JSON.stringify(expected)}`,
  ];
  // The one that the others are tried with must stay.
  if (operationId === "deleteDatabase" || operationId === "putDatabaseNames") {
    lines.push(`parameters = { "path.db" = "${spare}" }`);
  }
  // A log that is followed has no end.
  if (operationId === "getDatabaseLogs") lines.push(`parameters = { "query.follow" = "false" }`);
  return lines.join("\n");
}

function settings(document, demo, spare) {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  return [
    `[dictionaries.databases]\nvalues = ${JSON.stringify([demo, "demo"])}`,
    `[dictionaries.functions]\nvalues = ${JSON.stringify(functions)}`,
    `[parameters]`,
    `"path.db" = { dictionary = "databases", probability = 0.8 }`,
    `"path.function" = { dictionary = "functions", probability = 0.8 }`,
    ...operations.map((operation) => operationSettings(operation, spare)),
  ].join("\n");
}

function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function main() {
  const directory = await mkdtemp(join(tmpdir(), "lightcone-schemathesis-"));
  const host = await startServer({ listenAddr: "127.0.0.1:0", dataDir: join(directory, "data") });
  try {
    const base = `http://${host.address}`;
    const { token } = await (await fetch(`${base}/v1/identity`, { method: "POST" })).json();
    const program = readWasm("features");
    const demo = await publish(base, token, "demo", program);
    const spare = await publish(base, token, "spare", program);
    const document = await send(base, "GET", "/v1/openapi.json", token);
    const config = join(directory, "schemathesis.toml");
    await writeFile(config, settings(document, demo, spare));
    const options = [
      `--config-file=${config}`,
      "run",
      `${base}/v1/openapi.json`,
      `--header=Authorization: Bearer ${token}`,
      `--checks=${checks.join(",")}`,
      `--max-examples=${flags.examples}`,
      `--seed=${flags.seed}`,
      "--phases=examples,coverage,fuzzing",
      "--suppress-health-check=all",
      "--warnings=off",
      "--no-shrink",
      "--request-timeout=60",
    ];
    return await run(flags.tool, options, directory);
  } finally {
    await host.close();
    await rm(directory, { recursive: true });
  }
}

process.exitCode = await main();
