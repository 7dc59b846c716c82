/**
 * Matrix multiplications in tfjs on wasm.
 *
 * XNNPACK computes [m, k]·[k, n] alone. A batch, or a transposed operand, as in both gradients of a multiplication, takes another
 * path, which is several times slower (tfjs-backend-wasm, batch_mat_mul_impl.cc).
 */
import * as tf from "@tensorflow/tfjs";
import type { Product } from "./model.ts";

/** The library's own multiplication. */
export const product: Product = (a, b) => tf.matMul(a, b);

/** A matrix multiplication and its gradients, whose operands are transposed by copying first: Ā = C̄ Bᵀ, B̄ = Aᵀ C̄. */
const plain = tf.customGrad((a, b, save) => {
  if (!(a instanceof tf.Tensor) || !(b instanceof tf.Tensor) || typeof save !== "function")
    throw new TypeError("two tensors are multiplied");
  save([a, b]);
  const gradFunc = (dC: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
    const [savedA, savedB] = saved;
    if (savedA === undefined || savedB === undefined) throw new TypeError("two tensors were saved");
    return [tf.matMul(dC, tf.transpose(savedB)), tf.matMul(tf.transpose(savedA), dC)];
  };
  return { value: tf.matMul(a, b), gradFunc };
});

/** The matrices of a batch one after the other. */
function each(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const matrices = (t: tf.Tensor): tf.Tensor[] => tf.unstack(tf.reshape(t, [-1, ...t.shape.slice(-2)]));
  const bs = matrices(b);
  const products = matrices(a).map((one, i) => plain(one, bs[i] ?? one));
  return tf.reshape(tf.stack(products), [...a.shape.slice(0, -1), b.shape.at(-1) ?? 0]);
}

/** All multiplications, those of gradients as well, on the fast path. */
export const productByHand: Product = (a, b) => (a.rank === 2 ? plain(a, b) : each(a, b));
