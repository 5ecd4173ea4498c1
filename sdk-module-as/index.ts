// What `import … from "@lightcone/sdk-module-as"` means to the AssemblyScript compiler.
export * from "./assembly/index";
