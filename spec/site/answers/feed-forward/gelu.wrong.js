/**
 * y = GELU(x), number by number. An array is { shape, data }, data a Float64Array.
 * The tanh approximation.
 */
export function forward({ x }) {
  return { shape: x.shape, data: x.data.map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))) };
}
