/** Teachers whose weights there are already: a run, a file of weights, an ONNX file. */
import { statSync } from "node:fs";
import { digestOfSource } from "../../io/disk/digest.ts";
import { fileBytes } from "../../io/disk/fileBytes.ts";
import { foundWeights } from "../../io/weights/weightsFile.ts";
import type { OnnxTeacher, Recipe, StoredTeacher } from "../run/recipe.ts";
import type { View } from "./images.ts";
import { onShapes, uploaded, type Network } from "./network.ts";
import { openOnnx } from "./onnx.ts";
import type { PreparedTeacher } from "./prepared.ts";
import { viewOf, type Preparing } from "./preparing.ts";
import { networkAt } from "./stored.ts";
import { within } from "./teacher.ts";

/** @throws RangeError unless the network takes the student's channels and knows its classes */
function checkFits(path: string, network: Pick<Network, "what" | "channels" | "classes">, { model }: Recipe): void {
  for (const key of ["channels", "classes"] as const)
    if (network[key] !== model[key])
      throw new RangeError(`${path} is a ${network.what} of ${network[key]} ${key}, but the student has model.${key} = ${model[key]}`);
}

/** What a teacher with given weights adds to the digest of the student's training. */
const identityOf = (path: string, { side, normalisation }: View, head: string | null): object => ({
  sha256: digestOfSource(fileBytes(path)),
  side,
  ...normalisation,
  head,
});

/** The file of a teacher's weights. @throws RangeError for a file where a run's folder is wanted, or the reverse; for one that is missing */
function fileOf({ kind, path }: StoredTeacher): string {
  const found = statSync(path, { throwIfNoEntry: false });
  if (kind === "weights" && found?.isDirectory() === true)
    throw new RangeError(`${path} is a folder: weights takes a file, and run a run's folder`);
  if (kind === "run" && found?.isDirectory() === false)
    throw new RangeError(`${path} is a file: run takes a run's folder, and weights a file`);
  return foundWeights(path, kind === "run" ? "the folder of a finished run, or its folder teacher" : "a file (.safetensors, .npz, .pth)")
    .path;
}

/**
 * A teacher from a run or a file of weights.
 *
 * @throws RangeError in one line for a file that is missing or damaged, or a network that does not fit the student
 */
export async function preparedStored(teacher: StoredTeacher, preparing: Preparing): Promise<PreparedTeacher> {
  const { engine, recipe } = preparing;
  const file = fileOf(teacher);
  const network = await networkAt(file, teacher);
  checkFits(file, network, recipe);
  const view = viewOf(teacher, network, preparing);
  return {
    name: `${network.what}, ${teacher.path}`,
    view,
    batch: 0,
    measured: recipe.training.batch,
    identity: identityOf(file, view, network.what === "DeiT" ? teacher.head : null),
    onShapes: (k) => within(onShapes(k, network).predict),
    make: () => {
      const { tensors, predict } = uploaded(engine.kernels, network);
      return Promise.resolve({ logits: within(predict), release: () => engine.release(tensors) });
    },
    close: () => Promise.resolve(),
  };
}

/**
 * A teacher from an ONNX file.
 *
 * @throws RangeError in one line for a file that is missing or damaged, or no classifier of the student's images and classes
 */
export async function preparedOnnx(teacher: OnnxTeacher, preparing: Preparing): Promise<PreparedTeacher> {
  const { engine, recipe } = preparing;
  const { classes, imageSize } = recipe.model;
  const model = await openOnnx(teacher.path, recipe.model, { given: teacher.imageSize, student: imageSize });
  const view = viewOf(teacher, model, preparing);
  return {
    name: `ONNX, ${teacher.path}`,
    view,
    batch: 0,
    measured: recipe.training.batch,
    identity: identityOf(teacher.path, view, null),
    onShapes: () => (k, images) => k.zeros([images.shape[0] ?? 0, classes]),
    make: () =>
      Promise.resolve({
        logits: async (k, images) => {
          const { shape } = images;
          const pixels = await engine.read(images); // copied at the call, so that the caller may free the images
          const logits = await model.predict(pixels instanceof Float32Array ? pixels : Float32Array.from(pixels), shape);
          return k.upload([shape[0] ?? 0, classes], logits);
        },
        release: () => undefined,
      }),
    close: model.release,
  };
}
