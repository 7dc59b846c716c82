/** Linear layer y = x Wᵀ + b and its pullback (G1). f32; x [rows, I], W [O, I], b [O]. */
import { gemm, gemmWithBias } from "./gemm/gemm";
import { sumColumns } from "./reduce";

/** y [rows, O]; each sum starts as b. */
export function linear(y: usize, x: usize, weight: usize, bias: usize, rows: i32, I: i32, O: i32): void {
  gemmWithBias(y, x, weight, bias, rows, O, I);
}

/** x̄ [rows, I], W̄ [O, I], b̄ [O] of ȳ [rows, O]. */
export function linearVjp(dx: usize, dWeight: usize, dBias: usize, dy: usize, x: usize, weight: usize, rows: i32, I: i32, O: i32): void {
  sumColumns(dBias, dy, rows, O);
  gemm(dWeight, dy, x, O, I, rows, true, false, false);
  gemm(dx, dy, weight, rows, I, O, false, false, false);
}
