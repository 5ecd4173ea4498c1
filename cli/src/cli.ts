// From arguments to a command, and from its end to an exit code.
import { Cli, type CommandClass, type Definition } from "./clipanion.ts";
import { AuthPolicyCommand } from "./command/auth-policy.ts";
import { BackupCommand, RestoreCommand } from "./command/backup.ts";
import { BuildCommand } from "./command/build.ts";
import { CallCommand } from "./command/call.ts";
import { DeleteCommand, UndeleteCommand } from "./command/delete.ts";
import { DescribeCommand } from "./command/describe.ts";
import { GenerateCommand } from "./command/generate.ts";
import { InitCommand } from "./command/init.ts";
import { ListCommand } from "./command/list.ts";
import { IdentityCommand, LoginCommand, LoginShowCommand, LogoutCommand } from "./command/login.ts";
import {
  LogDumpCommand,
  LogRepairCommand,
  LogSummaryCommand,
  LogVerifyCommand,
} from "./command/log.ts";
import { LogsCommand } from "./command/logs.ts";
import { PublishCommand } from "./command/publish.ts";
import { ServerRotateKeysCommand } from "./command/rotate-keys.ts";
import {
  GrantCommand,
  LockCommand,
  RenameCommand,
  RevokeCommand,
  UnlockCommand,
  VersionsCommand,
} from "./command/manage.ts";
import {
  ServerAddCommand,
  ServerEditCommand,
  ServerFingerprintCommand,
  ServerListCommand,
  ServerPingCommand,
  ServerRemoveCommand,
  ServerSetDefaultCommand,
} from "./command/server.ts";
import { SqlCommand } from "./command/sql.ts";
import { StartCommand } from "./command/start.ts";
import type { CommandContext } from "./context.ts";
import { commandErrorOf, exitCodes } from "./exit.ts";
import { formatCommand, formatOverview } from "./help.ts";
import { Output } from "./output.ts";
import { findDefinition, usageErrorOf } from "./usage-error.ts";
import { version } from "./version.ts";

const commands: CommandClass<CommandContext>[] = [
  StartCommand,
  InitCommand,
  BuildCommand,
  PublishCommand,
  CallCommand,
  SqlCommand,
  LogsCommand,
  ListCommand,
  DescribeCommand,
  VersionsCommand,
  RenameCommand,
  LockCommand,
  UnlockCommand,
  GrantCommand,
  RevokeCommand,
  DeleteCommand,
  AuthPolicyCommand,
  UndeleteCommand,
  BackupCommand,
  RestoreCommand,
  LogVerifyCommand,
  LogSummaryCommand,
  LogDumpCommand,
  LogRepairCommand,
  GenerateCommand,
  LoginCommand,
  LoginShowCommand,
  LogoutCommand,
  IdentityCommand,
  ServerListCommand,
  ServerAddCommand,
  ServerRemoveCommand,
  ServerSetDefaultCommand,
  ServerEditCommand,
  ServerPingCommand,
  ServerFingerprintCommand,
  ServerRotateKeysCommand,
];

function makeCli(): Cli<CommandContext> {
  return Cli.from(commands, { binaryName: "lightcone", binaryVersion: version });
}

/** What there is to know of each command, for the help and for the test of the README. */
export function commandDefinitions(): Definition[] {
  return makeCli().definitions();
}

/** Runs one command. Never throws; the answer is the exit code. */
export async function runCli(argv: readonly string[], context: CommandContext): Promise<number> {
  const output = new Output(context.stdout, context.stderr);
  try {
    if (argv[0] === "--version" || argv[0] === "-v") {
      output.line(version);
      return exitCodes.ok.code;
    }
    const help = helpFor(argv);
    if (help !== undefined) {
      await output.text(help);
      return exitCodes.ok.code;
    }
    const cli = makeCli();
    return await cli.run(cli.process(prepared(argv), context), context);
  } catch (thrown) {
    return output.failure(
      usageErrorOf(thrown, argv, commandDefinitions()) ?? commandErrorOf(thrown),
    );
  }
}

/** The help that is asked for, if it is. */
function helpFor(argv: readonly string[]): string | undefined {
  const end = argv.indexOf("--");
  const given = end === -1 ? argv : argv.slice(0, end);
  const isFlag = given.some((word) => word === "-h" || word === "--help");
  if (given.length > 0 && given[0] !== "help" && !isFlag) return undefined;
  const words = given.filter((word, i) => !word.startsWith("-") && (i > 0 || word !== "help"));
  const definitions = commandDefinitions();
  const definition = findDefinition(definitions, words);
  return definition === undefined
    ? formatOverview(definitions, version)
    : formatCommand(definition);
}

/** Arguments as clipanion takes them rightly. */
function prepared(argv: readonly string[]): string[] {
  return argv.flatMap((word, i) => {
    // A negative number is an argument of `call`, no flag; JSON allows the blank before it.
    if (argv[0] === "call" && /^-\d/.test(word)) return [` ${word}`];
    // `--confirmed false`, as other command lines have it, besides `--confirmed=false`.
    if (/^(?:true|false)$/.test(word) && argv[i - 1] === "--confirmed") return [];
    const next = argv[i + 1];
    const isJoined = word === "--confirmed" && (next === "true" || next === "false");
    return [isJoined ? `${word}=${next}` : word];
  });
}
