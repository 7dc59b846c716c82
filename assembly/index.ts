/** The kernels of the WASM engine: straight loops over pointers into one linear memory. Nothing here allocates. */
export { add } from "./elementwise";
export * from "./functions";
