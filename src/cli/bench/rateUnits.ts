/** How the rates and the amounts of the projection's terms are shown. */
import { titles, type Term } from "../../bench/costs/terms.ts";

const TERA = 1e12;
const GIGA = 1e9;
const MICRO = 1e-6;
const DIGITS = 1;

interface Unit {
  readonly rate: string;
  readonly amount: string;
  /** Divisors of both. */
  readonly ofRate: number;
  readonly ofAmount: number;
}

const flop: Unit = { rate: "TFLOP/s", amount: "TFLOP", ofRate: TERA, ofAmount: TERA };
const bytes: Unit = { rate: "GB/s", amount: "GB", ofRate: GIGA, ofAmount: GIGA };
const dispatches: Unit = { rate: "µs", amount: "dispatches", ofRate: MICRO, ofAmount: 1 };

export const unitOf: Readonly<Record<Term, Unit>> = {
  units: flop,
  f32: flop,
  arithmetic: flop,
  memory: bytes,
  latency: dispatches,
  upload: bytes,
  host: dispatches,
  copy: bytes,
};

/** Title, unit and values of a rate. */
export const rateCells = (term: Term, values: readonly number[]): readonly string[] => {
  const { rate, ofRate } = unitOf[term];
  return [titles[term], rate, ...values.map((x) => (x / ofRate).toFixed(DIGITS))];
};
