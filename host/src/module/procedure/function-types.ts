// The types of a module's functions, in a form in which equal types are equal texts.
import { BinaryReader, readSections, referenceForms, SectionId } from "../binary.ts";

export interface FunctionTypes {
  /** By number in the type section. */
  readonly types: readonly string[];
  /** By number of the function, imports first. */
  readonly functions: readonly string[];
  /** `module.name` of each function that is imported. */
  readonly imports: readonly string[];
  /** False where types refer to each other: then texts that are equal say nothing. */
  readonly areComparable: boolean;
}

/** Reads a module that compiles and imports nothing but functions. LC_MODULE_LOAD for types that are not those of functions. */
export function readFunctionTypes(bytes: Uint8Array): FunctionTypes {
  const reader = new BinaryReader(bytes, 0);
  const types: string[] = [];
  const functions: string[] = [];
  const imports: string[] = [];
  let areComparable = true;
  const readValueTypes = (): string =>
    reader
      .list(() => {
        const code = reader.valueType();
        if (referenceForms.includes(code)) areComparable = false;
        return code;
      })
      .join();
  const readType = (): void => {
    reader.functionType();
    const params = readValueTypes();
    types.push(`${params} > ${readValueTypes()}`);
  };
  const readFunction = (): void => void functions.push(types[reader.number()] as string);
  const readImport = (): void => {
    const from = reader.name();
    imports.push(`${from}.${reader.name()}`);
    reader.skip(1);
    readFunction();
  };
  for (const { id, start } of readSections(bytes)) {
    reader.moveTo(start);
    if (id === SectionId.type) reader.list(readType);
    if (id === SectionId.import) reader.list(readImport);
    if (id === SectionId.function) reader.list(readFunction);
  }
  return { types, functions, imports, areComparable };
}
