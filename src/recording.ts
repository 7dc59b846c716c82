/** Entry point `deit/recording`: what some implementation of DeiT computed, read and computed again. */
export { goalOf, subjectOf } from "./recording/build.ts";
export type { Goal, Subject } from "./recording/build.ts";
export { readConfiguration } from "./recording/configuration.ts";
export type { Configuration, RecordedOptimizer, TaughtLoss } from "./recording/configuration.ts";
export { RecordingError } from "./recording/fields.ts";
export { hashed } from "./recording/hash.ts";
export { judge } from "./recording/judge.ts";
export type { Judgement } from "./recording/judge.ts";
export { openRecording, readRecording } from "./recording/read.ts";
export type { Recording } from "./recording/read.ts";
export { computeRecording, endToEnd } from "./recording/run.ts";
export type { DeitOp, See } from "./recording/run.ts";
