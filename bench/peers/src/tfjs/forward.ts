/** An image through DeiT in tfjs. */
import * as tf from "@tensorflow/tfjs";
import { image } from "../given.ts";
import type { Load } from "../library.ts";
import { deitLogits, paramsOf, tensorOf, type Product } from "./model.ts";
import { started } from "./start.ts";

export const forwardOf =
  (product: Product): Load =>
  async (threads) => {
    await started(threads);
    const params = paramsOf();
    const pixels = image();
    const run = async (): Promise<ArrayLike<number>> => {
      const logits = tf.tidy(() => {
        const { head, head_dist } = deitLogits({ product, params }, tensorOf(pixels), []);
        return tf.div(tf.add(head, head_dist), 2); // (E27)
      });
      const values = await logits.data();
      logits.dispose();
      return values;
    };
    return { run, results: async () => new Map([["logits", await run()]]) };
  };
