/**
 * The number of parameters of a DeiT: width D, L blocks, a grid of g × g patches of p × p pixels with 3 channels, K classes, and a hidden
 * width of 4 D. distilled is 1 for a model with a distillation token, else 0. Each input is an array of one number.
 * (E28).
 */
export function forward(inputs) {
  const [D, L, g, p, K, distilled] = ["D", "L", "g", "p", "K", "distilled"].map((name) => inputs[name].data[0]);
  const block = 12 * D * D + 13 * D;
  const prefix = 1 + distilled;
  const tokens = g * g + prefix;
  const embedding = D * (3 * p * p + 1) + prefix * D + tokens * D;
  const heads = prefix * (D * K + K);
  return { shape: [], data: [embedding + L * block + 2 * D + heads] };
}
