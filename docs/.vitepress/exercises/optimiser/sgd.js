const LR = 0.1;
const MOMENTUM = 0.9;
const DECAY = 0.01;

/**
 * Several steps of SGD with Nesterov momentum: theta after one step for each row of grads. theta is [D], grads is [steps, D].
 * At present the buffer is forgotten after every step.
 */
export function forward({ theta, grads }) {
  const [steps, D] = grads.shape;
  const data = Float64Array.from(theta.data);
  for (let s = 0; s < steps; s++)
    for (let i = 0; i < D; i++) {
      const g = grads.data[s * D + i] + DECAY * data[i];
      const b = g;
      data[i] -= LR * (g + MOMENTUM * b);
    }
  return { shape: theta.shape, data };
}
