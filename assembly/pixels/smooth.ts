/** Pillow's 3×3 smoothing filter (src/data/pixels/smooth.ts), 8 samples at a time. */

const LANES: i32 = 8;

@inline
function wide(at: usize): v128 {
  return v128.load8x8_u(at);
}

/** ⌊sum/13 + ½⌋ of sums up to 13 · 255: as the product (2 sum + 1) · 1260/2¹⁵, rounded, which is the same for each of them. */
@inline
function thirteenth(sum: v128): v128 {
  return i16x8.q15mulr_sat_s(i16x8.add(i16x8.shl(sum, 1), i16x8.splat(1)), i16x8.splat(1260));
}

/**
 * The smoothed image, whose rows have `row` samples. `columns` is room for the sums of three samples one above the other, two bytes each,
 * for one row.
 */
export function smooth(out: usize, image: usize, columns: usize, row: i32, height: i32, channels: i32): void {
  memory.copy(out, image, row);
  for (let y = 1; y < height - 1; y++) {
    const to = out + y * row, from = image + y * row;
    for (let x = 0; x < row; x += LANES) {
      const sum = i16x8.add(i16x8.add(wide(from + x - row), wide(from + x)), wide(from + x + row));
      v128.store(columns + 2 * x, sum);
    }
    for (let x = channels; x < row - channels; x += LANES) {
      const around = i16x8.add(v128.load(columns + 2 * (x - channels)), v128.load(columns + 2 * (x + channels)));
      const centre = i16x8.add(v128.load(columns + 2 * x), i16x8.shl(wide(from + x), 2));
      const mean = thirteenth(i16x8.add(around, centre));
      v128.store64_lane(to + x, i8x16.narrow_i16x8_u(mean, mean), 0);
    }
    memory.copy(to, from, channels);
    memory.copy(to + row - channels, from + row - channels, channels);
  }
  const last = (height - 1) * row;
  memory.copy(out + last, image + last, row);
}
