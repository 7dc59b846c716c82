/** All operations by timm's names: those of RandAugment, with and without increasing severity, and of AutoAugment's policy for ImageNet. */
import type { PixelKernels } from "../pixels/kernels.ts";
import type { Pixels } from "../pixels/pixels.ts";
import type { OperationDraw } from "./draw.ts";
import { enhance, type EnhanceName } from "./enhance.ts";
import { geometry, type GeometryName } from "./geometry.ts";
import type { Operation } from "./operation.ts";
import { tableOperations, type TableName } from "./tables.ts";

/** timm's name of an operation. */
export type OperationName = TableName | GeometryName | EnhanceName;

const operations: { readonly [N in OperationName]: Operation } = { ...tableOperations, ...geometry, ...enhance };

const isOperation = (name: string): name is OperationName => Object.hasOwn(operations, name);

/** The names of all operations. */
export const operationNames: readonly OperationName[] = Object.keys(operations).filter(isOperation);

/**
 * The operation of this name.
 *
 * @throws RangeError for a name that is not timm's
 */
export function operationOf(name: string): Operation {
  if (!isOperation(name)) throw new RangeError(`augment: there is no operation ${name}; known: ${operationNames.join(", ")}`);
  return operations[name];
}

/** Whether the operation has a random sign. */
export function isSigned(name: string): boolean {
  const operation = operationOf(name);
  return operation.argument !== null && operation.isSigned;
}

/**
 * The argument that timm's function would get; null: it takes none.
 *
 * @throws RangeError for an unknown name
 */
export function argumentOf({ op, magnitude, sign }: OperationDraw): number | null {
  const { argument } = operationOf(op);
  return argument?.(magnitude, sign < 0 ? -1 : 1) ?? null;
}

/**
 * The image after an operation, [H, W, C] → [H, W, C]; unchanged if it is not applied.
 *
 * @throws RangeError for an unknown name
 */
export function operate(kernels: PixelKernels, image: Pixels, draw: OperationDraw): Pixels {
  const operation = operationOf(draw.op);
  if (!draw.applied) return image;
  if (operation.argument === null) return operation.apply(kernels, image);
  return operation.apply(kernels, image, operation.argument(draw.magnitude, draw.sign < 0 ? -1 : 1));
}
