/**
 * Two f32 rounded to f16 in one word, without what `pack2x16float` leaves open: beyond the largest f16 its result is indeterminate. Some devices
 * clamp, and SwiftShader packs infinity as bits that reach into the other number, so that an overflow would never be seen by the loss scale.
 *
 *   |x| < 65,520   the nearest f16, ties to even where the device rounds so; at most 65,504
 *   |x| ≥ 65,520   ±∞: halfway to what would be the next f16, 65,536, and even there
 *   NaN            NaN
 *
 * All tests are of bits, as a compiler may assume that no number is NaN or infinite. That takes eight integer operations a number and no branch, which
 * a store hides where memory is what it waits for; on SwiftShader a branch around them takes longer than they do.
 */
import type { Declarations } from "./program.ts";

/** Bits of f32: all but the sign; 65,504, the largest f16; 65,520; infinity. */
const [MAGNITUDE, LARGEST, OVERFLOW, INFINITY] = ["0x7fffffffu", "0x477fe000u", "0x477ff000u", "0x7f800000u"];

/** `pack_half(x)`, a word for a `vec2f`. In f16 the word after 65,504 is infinity, and one more bit of the fraction makes that a NaN. */
export const packHalf: Declarations = {
  code: `
fn pack_half(x: vec2f) -> u32 {
  let bits = bitcast<vec2u>(x);
  let magnitude = bits & vec2u(${MAGNITUDE});
  let within = bitcast<vec2f>((bits ^ magnitude) | min(magnitude, vec2u(${LARGEST})));
  let after = select(vec2u(), vec2u(1u), magnitude >= vec2u(${OVERFLOW})) + select(vec2u(), vec2u(0x200u), magnitude > vec2u(${INFINITY}));
  return pack2x16float(within) + after.x + (after.y << 16u);
}
`,
  uses: [],
};
