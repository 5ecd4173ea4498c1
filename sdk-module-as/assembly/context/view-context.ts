// What views get: tables that can only be read. A view with a sender is run for each of its callers, one
// without a sender once for all.
import { Identity } from "../types/identity";
import { ownIdentity } from "./call-context";
import { QueryTables, ReadOnlyTables } from "./tables";

export class AnonymousViewContext {
  get db(): ReadOnlyTables {
    return changetype<ReadOnlyTables>(0);
  }

  /** The tables as the start of queries. */
  get from(): QueryTables {
    return changetype<QueryTables>(0);
  }

  /** The identity of the database. */
  get identity(): Identity {
    return ownIdentity();
  }
}

export class ViewContext extends AnonymousViewContext {
  constructor(
    /** Who asks. */
    readonly sender: Identity,
  ) {
    super();
  }
}
