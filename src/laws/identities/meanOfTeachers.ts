/** Several teachers as one: the logarithm of the mean of their distributions. */
import type { Draw } from "../../check/draw.ts";
import { upload, type HostArray } from "../../check/host.ts";
import type { Row } from "../../check/laws/row.ts";
import type { Kernels } from "../../kernels/kernels.ts";
import { meanOfTeachers } from "../../losses/meanOfTeachers.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { anySize, lossSizes } from "../cases/calls/losses.ts";
import { claimsRow, type Claim } from "../cases/claim.ts";
import * as loops from "../loops/losses.ts";

const MOST_TEACHERS = 4;

const mean = (k: Kernels, teachers: readonly HostArray[]): Tensor =>
  meanOfTeachers(
    k,
    teachers.map((z) => upload<Tensor>(k, z)),
  );

/** Teachers of any size, against loops; their order does not matter; a teacher that is there several times is that teacher. */
function claims(draw: Draw): readonly Claim[] {
  const sizes = lossSizes(draw);
  const [first, ...others] = [
    anySize(draw, sizes),
    ...Array.from({ length: draw.integer(0, MOST_TEACHERS - 1) }, () => anySize(draw, sizes)),
  ] as const;
  const teachers = [first, ...others];
  return [
    { actual: (k) => mean(k, teachers), expected: loops.meanOfTeachers(teachers) },
    { actual: (k) => mean(k, teachers.toReversed()), expected: loops.meanOfTeachers(teachers) },
    { actual: (k) => mean(k, [first, first, first]), expected: loops.meanOfTeachers([first]) },
  ];
}

export const meanOfTeachersRow: Row = claimsRow(
  "identity/mean-of-teachers",
  "several teachers: log of the mean of their softmax, stable",
  claims,
);
