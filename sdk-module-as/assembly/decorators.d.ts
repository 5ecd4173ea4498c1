// For editors alone: the decorators of modules, which the transform of the compiler knows by their names.
// A decorator that stands without parentheses is called with what it decorates.

interface LightconeTableOptions {
  /** What modules call it: `ctx.db.accessor`; the name of the class with a small letter if not given. */
  accessor?: string;
  /** What clients and SQL call it; the accessor in snake_case if not given. */
  name?: string;
  /** Whether clients may read it; "private" if not given. */
  access?: "public" | "private";
  /** Rows are told to subscribers and not kept. */
  event?: boolean;
  /** The reducer or procedure that rows of this table call. */
  scheduled?: any;
  /** The column that says when, where there are several. */
  at?: string;
}

interface LightconeIndexOptions {
  /** `ctx.db.table.accessor`; the column's name if not given. */
  accessor?: string;
  /** Only before a class. */
  columns?: string[];
  /** "btree" if not given. */
  kind?: "btree" | "hash" | "direct";
  /** The canonical name. */
  name?: string;
}

interface LightconeNameOptions {
  /** What clients call it; the function's name in snake_case if not given. */
  name?: string;
}

/** A class whose objects are the rows of a table. */
declare function table(options: LightconeTableOptions): any;
declare function table(target: any, context?: any): any;

/** A class that is stored within columns and passed as an argument. */
declare function struct(target: any, context?: any): any;

/** A class of which each value has one of the fields. */
declare function sum(target: any, context?: any): any;

/** Rows can be looked up by this column, or by the columns named before a class. */
declare function index(options: LightconeIndexOptions): any;
declare function index(target: any, key: any): any;

/** No two rows have the same value in this column, or in the columns named before a class. */
declare function unique(options: { columns: string[] }): any;
declare function unique(target: any, key: any): any;

/** The column that rows are told apart by. */
declare function primaryKey(target: any, key: any): any;

/** Zero asks the host for the next number. */
declare function autoInc(target: any, key: any): any;

/** What rows have that are older than the column. */
declare function defaultValue(value: any): any;

/** A function that clients call, as one transaction. */
declare function reducer(options: LightconeNameOptions): any;
declare function reducer(target: any, context?: any): any;

/** Runs once, when the database is made. */
declare function init(target: any, context?: any): any;

/** Runs when a client connects; an error refuses it. */
declare function clientConnected(target: any, context?: any): any;

/** Runs when a client is gone. */
declare function clientDisconnected(target: any, context?: any): any;

/** A function whose rows clients subscribe to as if it were a table. */
declare function view(options: { name?: string; primaryKey?: string }): any;
declare function view(target: any, context?: any): any;

/** A function that clients call, that may wait and whose value they get. */
declare function procedure(options: LightconeNameOptions): any;
declare function procedure(target: any, context?: any): any;

/** Answers requests below `/v1/database/NAME/route`; any method if none is given. */
declare function httpHandler(options: { method?: string; path: string }): any;

/** A query that says which rows of a table a client may see. */
declare function rowFilter(target: any, context?: any): any;
