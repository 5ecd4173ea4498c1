// Runs the benchmark that the command line names.
export {};
