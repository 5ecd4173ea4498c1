// The version of the host, as told to those who ask and kept in the data directory.

/** As in package.json; a test compares them. */
export const hostVersion = "0.1.0";
