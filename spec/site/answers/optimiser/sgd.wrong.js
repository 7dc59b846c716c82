const LR = 0.1;
const MOMENTUM = 0.9;
const DECAY = 0.01;

/**
 * Several steps of SGD with Nesterov momentum: theta after one step for each row of grads. theta is [D], grads is [steps, D].
 * From the second step on, the gradient enters the buffer with the factor 1 − μ.
 */
export function forward({ theta, grads }) {
  const [steps, D] = grads.shape;
  const data = Float64Array.from(theta.data);
  const buffer = new Float64Array(D);
  for (let s = 0; s < steps; s++)
    for (let i = 0; i < D; i++) {
      const g = grads.data[s * D + i] + DECAY * data[i];
      buffer[i] = s === 0 ? g : MOMENTUM * buffer[i] + (1 - MOMENTUM) * g;
      data[i] -= LR * (g + MOMENTUM * buffer[i]);
    }
  return { shape: theta.shape, data };
}
