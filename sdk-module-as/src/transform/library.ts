// Where the library and the generated files lie among the compiler's sources.

/** What modules import. */
export const libraryName = "@lightcone/sdk-module-as";

const libraryPrefix = `~lib/${libraryName}`;

/** Whether an internal path belongs to the library. */
export function isLibraryPath(path: string): boolean {
  return path === libraryPrefix || path.startsWith(`${libraryPrefix}/`);
}

/** The file of the library that stands for the generated tables, for editors. */
export const placeholderPath: string = `${libraryPrefix}/assembly/context/tables`;

/** Folder of the generated files; it exists in the compiler only. */
export const generatedFolder = "lightcone-generated";
export const tablesPath: string = `${generatedFolder}/tables`;
export const entryPath: string = `${generatedFolder}/entry`;
