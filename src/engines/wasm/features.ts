/** Tests which WebAssembly features the host has. */

/** The smallest module with one SIMD instruction: `(func (result v128) i32.const 0 i8x16.splat)`. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11];
/** The smallest module with one instruction of relaxed SIMD: `(func (param v128 v128 v128) (result v128) … f32x4.relaxed_madd)`. */
const RELAXED = [0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11]; // prettier-ignore

const validates = (bytes: readonly number[]): boolean => WebAssembly.validate(Uint8Array.from(bytes));

export const hasSimd = (): boolean => validates(SIMD);
export const hasRelaxedSimd = (): boolean => validates(RELAXED);
