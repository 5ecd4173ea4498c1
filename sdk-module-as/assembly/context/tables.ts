// What `ctx.db` and `ctx.from` have. The compiler puts the tables of the module in the place of this
// file.

/** Tables that can be read and changed. */
export class Tables {}

/** Tables that can be read, as views have them. */
export class ReadOnlyTables {}

/** Tables as the start of queries. */
export class QueryTables {}
