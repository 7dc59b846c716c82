/** All that can be explained by name. */
import { lossOperations } from "./losses.ts";
import { modelOperations } from "./model.ts";
import type { Operation } from "./operation.ts";
import { opOperations } from "./ops.ts";
import { teacherOperations } from "./teacher.ts";
import { trainingOperations } from "./training.ts";

/** By name, in the order of the folders of src. */
export const operations: ReadonlyMap<string, Operation> = new Map(
  [...opOperations, ...lossOperations, ...modelOperations, ...teacherOperations, ...trainingOperations].map((one) => [one.name, one]),
);
