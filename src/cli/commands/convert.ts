/** `deit convert`: converts weights from one file format to another. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { Option, type Command } from "commander";
import { converted, encoded, isDeit, type Naming } from "../../io/weights/convert.ts";
import { writeDurably } from "../../io/disk/durable.ts";
import { formatWritten } from "../../io/weights/tensorFile.ts";
import { ABOUT } from "../../io/weights/weights.ts";
import { withExamples, withJson, type JsonOption } from "../options.ts";
import { megabytes, print, printJson, say } from "../output.ts";
import { fileOf, HASH, tensorsAt, type WeightsOptions } from "../inputs/weights.ts";
import { withWeights } from "../inputs/weightsOptions.ts";

interface ConvertOptions extends JsonOption, WeightsOptions {
  readonly names?: Naming;
}

/** @throws RangeError unless the file can be written without damage to the file that is read */
function checkOut(source: string, out: string, options: WeightsOptions): void {
  const read = source.startsWith(HASH) ? [] : [fileOf(source, options).path];
  const [target, folder, before] = [out, dirname(out), ...read].map((path) => statSync(path, { throwIfNoEntry: false }));
  if (folder?.isDirectory() !== true) throw new RangeError(`${out}: there is no folder ${dirname(out)}`);
  if (target === undefined) return;
  if (!target.isFile()) throw new RangeError(`${out}: it exists, and is not a file that could be replaced`);
  if (before?.ino === target.ino && before.dev === target.dev)
    throw new RangeError(`${out}: it is the file that is read; give another name`);
}

/** The result of `work`; its errors begin with `where`. */
async function about<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new RangeError(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function run(source: string, out: string, options: ConvertOptions): Promise<void> {
  const { names, imageSize, heads, json } = options;
  const format = formatWritten(out);
  checkOut(source, out, options);
  if (format === "onnx" && names === "hf")
    throw new RangeError(`${out}: the weights of an .onnx file have timm's names; leave --names out`);
  const before = tensorsAt(source, options);
  const wanted = { ...(names && { names }), ...(imageSize && { imageSize }), ...(heads && { heads }) };
  const { bytes, tensors, silent } = await about(source, async () => {
    const file = await converted(before, wanted);
    const silent = format === "safetensors" && isDeit(file.tensors) && !file.metadata.has(ABOUT);
    return { bytes: encoded(format, file), tensors: file.tensors.size, silent };
  });
  await about(`${out} cannot be written`, () => writeDurably(out, bytes));
  const named = isDeit(before.tensors) ? (names ?? "timm") : null;
  if (silent) say(`deit convert: ${out} does not say which model it is, since the number of heads is unknown: give --heads`);
  if (json === true) return printJson({ file: out, format, tensors, names: named, bytes: bytes.length });
  print(`${out}: ${tensors} tensors, ${named === null ? "their names kept" : `${named} names`}, ${megabytes(bytes.length)}`);
}

export function addConvert(program: Command): void {
  const command = program
    .command("convert")
    .description("convert weights from one file format to another, by the files' endings")
    .argument("<in>", "a file (.safetensors, .npz, .pth; no code of a .pth is run), a run's folder, or hash:SEED with --model")
    .argument("<out>", "a file: .safetensors, .npz or .onnx")
    .addOption(new Option("--names <names>", "the names of a DeiT's weights (default: timm)").choices(["timm", "hf"]));
  withExamples(withJson(withWeights(command)), [
    ["deit convert deit_tiny_distilled.pth tiny.safetensors", "the authors' weights, with the model in the file's metadata"],
    ["deit convert tiny.safetensors model.safetensors --names hf", "for Hugging Face's transformers"],
    ["deit convert tiny.safetensors tiny-384.onnx --image-size 384", "for onnxruntime, at another size"],
    ["deit convert checkpoint.pth average.npz --ema", "the averaged weights of a training run, for numpy"],
  ]).action(run);
}
