/** Batched matrix multiplication: two orders of the same three loops, so that the innermost goes through memory in order. Both sum k upwards. */
import { matmulSizes } from "../../kernels/rules.ts";
import type { Loops } from "../region.ts";
import type { Data } from "./data.ts";

export const matmul =
  (data: Data): Loops["matmul"] =>
  (out, a, b, { ta = false, tb = false } = {}) => {
    const { batch, m, k, n, shared } = matmulSizes(a.shape, b.shape, { ta, tb });
    const [o, x, y] = [data(out), data(a), data(b)];
    const [rowOfA, columnOfA] = ta ? [1, m] : [k, 1]; // a[i, p] is at i·rowOfA + p·columnOfA
    o.fill(0);
    for (let s = 0; s < batch; s++) {
      const [inX, inY, inO] = [s * m * k, shared ? 0 : s * k * n, s * m * n];
      if (tb) {
        // the rows of b are the columns of the right factor: dot products
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let p = 0; p < k; p++) sum += x[inX + i * rowOfA + p * columnOfA]! * y[inY + j * k + p]!;
            o[inO + i * n + j] = sum;
          }
      } else {
        // weighted sums of the rows of b
        for (let i = 0; i < m; i++)
          for (let p = 0; p < k; p++) {
            const factor = x[inX + i * rowOfA + p * columnOfA]!;
            for (let j = 0; j < n; j++) o[inO + i * n + j]! += factor * y[inY + p * n + j]!;
          }
      }
    }
  };
