// `lightcone publish`: a module becomes a database, or the new program of one.
import type { Api, PublishOptions, PublishPlan } from "../api.ts";
import { buildProject, releaseBuild } from "../build/build.ts";
import { findProject } from "../build/project.ts";
import { isEnum, Option, type Usage } from "../clipanion.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../exit.ts";
import { checkChoice, type ModuleFile, readModule } from "../module-file.ts";
import { anonymousFlag, ServerCommand, yesFlag } from "./base.ts";

const deleteModes = ["always", "on-conflict", "never"] as const;
type DeleteMode = (typeof deleteModes)[number];

export class PublishCommand extends ServerCommand {
  static override paths: string[][] = [["publish"]];
  static override usage: Usage = {
    category: "Databases",
    description: "create a database from a module, or give one a new program",
    details: `
      The program is the file named with \`--bin-path\`, or the module's folder is built first, as
      \`lightcone build\` does; with \`--no-build\`, and where there is nothing to build, what is
      there already is taken (target/wasm32-unknown-unknown/release/*.wasm or build/*.wasm).
      Without NAME the database is known by its identity alone. Data stays when a database gets a
      new program, unless \`--delete-data\` says otherwise.
    `,
    examples: [
      ["Publish a compiled module", "$0 publish chat --bin-path chat.wasm"],
      [
        "Build and publish a folder, starting afresh",
        "$0 publish chat --module-path ./server --delete-data",
      ],
    ],
  };

  readonly name: string | undefined = Option.String({ name: "NAME", required: false });
  readonly binPath: string | undefined = Option.String("-b,--bin-path", {
    description: "the compiled module, a .wasm file",
  });
  readonly modulePath: string | undefined = Option.String("-p,--module-path", {
    description: "the module's folder, which is built first (default: this folder)",
  });
  readonly noBuild: boolean = Option.Boolean("--no-build", false, {
    description: "take the program that was built there before",
  });
  readonly deleteData: DeleteMode | boolean = Option.String("-c,--delete-data", false, {
    tolerateBoolean: true,
    validator: isEnum(deleteModes),
    description: "delete the data first: =always (also without a value), =on-conflict or =never",
  });
  readonly breakClients: boolean = Option.Boolean("--break-clients", false, {
    description: "agree to changes that disconnect clients and need new bindings",
  });
  readonly yes: boolean = yesFlag();
  readonly anonymous: boolean = anonymousFlag();
  readonly asJson: boolean = Option.Boolean("--json", false, {
    description: "print the result as JSON",
  });

  get #deleteMode(): DeleteMode {
    if (this.deleteData === true) return "always";
    return this.deleteData === false ? "never" : this.deleteData;
  }

  async run(): Promise<void> {
    const { name, output } = this;
    if (name !== undefined) checkDatabaseName(name);
    const file = await this.#program();
    const api = await this.api(this.anonymous ? "none" : "needed");
    const options = name === undefined ? keepAll : await this.#options(api, name, file);
    const sizeKib = Math.ceil(file.program.length / 1024);
    output.note(`Publishing ${file.path} (${sizeKib} KiB) to ${this.address().label}…`);
    const { domain, identity, op } = await api.publish(name, file.program, options);
    if (this.asJson) output.json({ name: domain ?? null, identity, op });
    else output.line(`${op} ${domain ?? "database"} ${identity}`);
    const server = this.server === undefined ? "" : ` --server ${this.server}`;
    output.note(`Try \`lightcone describe ${domain ?? identity}${server}\`.`);
  }

  /** The program named, one that is built now, or one that was built before. */
  #program(): ModuleFile | Promise<ModuleFile> {
    const { context, binPath, modulePath = ".", noBuild } = this;
    checkChoice(this);
    if (binPath === undefined && !noBuild) {
      const project = findProject(context.workingFolder, modulePath);
      if (project !== undefined) {
        return buildProject(project, releaseBuild, context, this.output);
      }
    }
    return readModule(context.workingFolder, this);
  }

  /** Asks the server what publishing would come to, and the user where something would be lost. */
  async #options(api: Api, name: string, { program }: ModuleFile): Promise<PublishOptions> {
    const mode = this.#deleteMode;
    if (mode === "always") {
      await confirm(this.context, `Delete all data of ${name}?`, this.yes);
      return { clear: true, breakClientsToken: undefined };
    }
    const style = this.context.colorDepth > 1 ? "AnsiColor" : "NoColor";
    const plan = await api.planPublish(name, program, style);
    if (plan.kind === "new") return keepAll;
    if (plan.kind === "migrate") return this.#migrate(name, plan);
    this.output.note(
      `The new program cannot take over the data of ${name}:\n${plan.reason.trimEnd()}`,
    );
    if (mode === "never") {
      throw new CommandError(
        "refused",
        `${name} was left as it is`,
        plan.reason.includes("without a default value")
          ? "Give new columns a default: `@defaultValue(…)` in AssemblyScript, `#[default(…)]` in Rust. Or delete the data with --delete-data."
          : "Change the module so that it fits the data, or delete the data with --delete-data.",
      );
    }
    await confirm(this.context, `Delete all data of ${name}, so that it fits?`, this.yes);
    return { clear: true, breakClientsToken: undefined };
  }

  async #migrate(
    name: string,
    plan: Extract<PublishPlan, { kind: "migrate" }>,
  ): Promise<PublishOptions> {
    const text = plan.text.trimEnd();
    // A heading alone: there is nothing below it to do.
    this.output.note(text.includes("\n") ? text : "The tables stay as they are.");
    if (plan.isMajorUpgrade) {
      this.output.note(
        "The new program's definition is of version 10, the present one's of version 9: names may be written in another case.",
      );
    }
    if (!plan.breaksClients) return keepAll;
    if (!this.breakClients) {
      throw new CommandError(
        "refused",
        `the change would disconnect the clients of ${name}, which then need new bindings`,
        "Agree with --break-clients (in scripts with --yes as well), or change the module.",
      );
    }
    await confirm(this.context, `Disconnect the clients of ${name}?`, this.yes);
    return { clear: false, breakClientsToken: plan.token };
  }
}

const keepAll: PublishOptions = { clear: false, breakClientsToken: undefined };

/** Refuses a name that no server takes, before anything is sent (http-and-auth.md section 11). */
function checkDatabaseName(name: string): void {
  const isIdentity = /^(?:0x)?[0-9a-fA-F]{64}$/.test(name);
  if (isIdentity || /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) return;
  throw new CommandError(
    "usage",
    `${name} cannot be the name of a database`,
    "Names have lower-case letters, digits, and single hyphens between them: my-game-2.",
  );
}
