const LR = 0.1;
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPS = 1e-8;
const DECAY = 0.05;

/**
 * One step of AdamW: the new theta. theta, grad, m and v are [D]; step, an array of one number, counts from 1.
 * At present the weight decay is added to the gradient.
 */
export function forward({ theta, grad, m, v, step }) {
  const [k] = step.data;
  const data = theta.data.map((t, i) => {
    const g = grad.data[i] + DECAY * t;
    const first = BETA1 * m.data[i] + (1 - BETA1) * g;
    const second = BETA2 * v.data[i] + (1 - BETA2) * g * g;
    const root = Math.sqrt(second) / Math.sqrt(1 - BETA2 ** k) + EPS;
    return t - ((LR / (1 - BETA1 ** k)) * first) / root;
  });
  return { shape: theta.shape, data };
}
