// The host's status codes that a module can meet (abi.md section 3), and what is said of them.

export const enum Errno {
  Ok = 0,
  NotInTransaction = 2,
  NoSuchTable = 4,
  NoSuchIndex = 5,
  WrongIndexAlgorithm = 10,
  BufferTooSmall = 11,
  UniqueAlreadyExists = 12,
  ScheduleDelayTooLong = 13,
  NoSuchRow = 15,
  AutoIncOverflow = 16,
  HttpError = 21,
}

/** What a status of an insert or update means. */
export function errnoText(errno: i32): string {
  switch (errno) {
    case Errno.NotInTransaction:
      return "no transaction is open";
    case Errno.UniqueAlreadyExists:
      return "another row has the same unique value";
    case Errno.ScheduleDelayTooLong:
      return "the row is scheduled too far ahead";
    case Errno.NoSuchRow:
      return "no row has this key";
    case Errno.AutoIncOverflow:
      return "the sequence is used up";
    default:
      return "status " + errno.toString();
  }
}

/** Ends the call: what the host refused is a fault of the module, as with a failed assert. */
export function refused(action: string, name: string, errno: i32): void {
  throw new Error(action + " " + name + ": " + errnoText(errno));
}

/** As `refused`, where there is no name. */
@inline export function check(status: i32, action: string): void {
  if (status != 0) refused(action, "", status);
}
