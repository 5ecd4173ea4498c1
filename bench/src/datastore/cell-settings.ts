// What the process of the cells and those who start it have in common.
export const cellCount = 1_000_000;
export const cellsPerCall = 50_000;
