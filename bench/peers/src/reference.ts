/** The reference that libraries are compared with: this project's reference engine, in f64. */
import { buildParams, deitAttrs, deitPredict, referenceEngine } from "./deit.ts";
import { config, image, weights } from "./given.ts";
import type { Results } from "./library.ts";

export async function referenceLogits(): Promise<Results> {
  const { kernels: k, read } = referenceEngine();
  const [values, { shape, data }] = [weights(), image()];
  const params = buildParams(config, (name, of) => k.upload(of, values.get(name)?.data ?? []));
  return new Map([["logits", await read(deitPredict(k, { images: k.upload(shape, data), params }, deitAttrs(k, config)))]]);
}
