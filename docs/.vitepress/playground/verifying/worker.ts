/** The worker that verifies recordings and looks into models of the reader's files, apart from the training. */
import { imageNetClassesIn } from "#deit/data/images/imagenetClasses.js";
import { assumedNormalisation } from "#deit/data/normalise.js";
import { memoryBytes } from "#deit/io/disk/byteSource.js";
import { formatRead, readTensorFile } from "#deit/io/weights/tensorFile.js";
import { uploadWeights, weightsIn } from "#deit/io/weights/weights.js";
import { readRecording, type Recording } from "#deit/recording/format/read.js";
import { pictureOf } from "#deit/recording/picture.js";
import { verify } from "#deit/recording/verify.js";
import { verificationPage } from "#deit/report/verification/page.js";
import type { Deit } from "#deit/train/evaluation/evaluate.js";
import { constantWeights, referenceEngine, type Engine } from "#deit/index.js";
import { wasmEngine } from "#deit/wasm.js";
import { version } from "../../../../package.json";
import { look, type Expected } from "../looking/look.ts";
import type { Answer, Question, Verdict } from "./messages.ts";
import { sampleRecording, variantNamed } from "./sample.ts";

/** How long an explanation is looked for, in ms. */
const LONGEST_SEARCH = 20_000;

async function verdictOf(engine: Engine, name: string, recording: Recording): Promise<Verdict> {
  const end = performance.now() + LONGEST_SEARCH;
  const limits = { expired: () => performance.now() > end, trying: () => undefined, scout: null };
  const verification = await verify(engine, recording, () => undefined, limits);
  const picture = await pictureOf(engine, recording, verification);
  const { match, tensors, first, explanations } = verification;
  return {
    match,
    tensors: tensors.length,
    first: first?.name ?? null,
    named: [...new Set(explanations.flatMap(({ variant }) => variant ?? []))],
    page: verificationPage(picture, { file: name, engine: `${engine.name}, ${engine.precision}`, version }),
  };
}

let model: { readonly engine: Engine; readonly deit: Deit; readonly expected: Expected } | null = null;

async function openedWeights({
  name,
  bytes,
  heads,
  imageNet,
}: Question & { readonly ask: "weights" }): Promise<Answer & { told: "opened" }> {
  const weights = weightsIn(readTensorFile(formatRead(name), memoryBytes(bytes)), { heads });
  const { config, preprocessing, classes } = weights;
  const known = imageNetClassesIn(imageNet).map(({ label }) => label);
  const named = classes ?? (config.classes === known.length ? known : Array.from({ length: config.classes }, (_, i) => `${i}`));
  const engine = await wasmEngine({ threads: 1 });
  const params = uploadWeights(engine.kernels, weights);
  model = {
    engine: { ...engine, kernels: constantWeights(engine.kernels) },
    deit: { config, params },
    expected: { normalisation: preprocessing ?? assumedNormalisation(config), classes: named },
  };
  return { id: 0, told: "opened", opened: { name, ...config } };
}

async function answerTo(question: Question): Promise<Answer> {
  const { id } = question;
  if (question.ask === "break") {
    const engine = referenceEngine();
    const recording = await sampleRecording(engine, question.sample, variantNamed(question.variant));
    return { id, told: "verdict", verdict: await verdictOf(engine, question.variant, recording) };
  }
  if (question.ask === "verify") {
    const recording = readRecording(question.bytes);
    return { id, told: "verdict", verdict: await verdictOf(await wasmEngine({ threads: 1 }), question.name, recording) };
  }
  if (question.ask === "weights") return { ...(await openedWeights(question)), id };
  if (model === null) throw new Error("no weights have been opened");
  return { id, told: "seen", inspection: await look(model.engine, model.deit, question.subject, model.expected, null) };
}

addEventListener("message", ({ data }: MessageEvent<Question>) => {
  answerTo(data).then(
    (answer) => postMessage(answer),
    (error: unknown) => postMessage({ id: data.id, told: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
});
