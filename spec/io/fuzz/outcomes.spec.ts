/** The fuzz test notices wrong errors. */
import { expect, it } from "vitest";
import { NpyError } from "../../../src/io/numpy/npy.ts";
import { outcomesOf } from "./outcomes.ts";

const anything = (): Uint8Array => new Uint8Array(0);
const throwing = (error: Error) => (): never => {
  throw error;
};

it.each([new TypeError("undefined is no function"), new RangeError("Array buffer allocation failed"), new Error("anything")])(
  "%s is noticed",
  (error) => {
    expect(() => outcomesOf("planted", anything, throwing(error))).toThrow("case 0 of planted");
  },
);

it.each([
  ["without a byte", new NpyError(NaN, "must be right")],
  ["before the file", new NpyError(-1, "must be right")],
  ["of two lines", new NpyError(0, "must be\nright")],
  ["of a thousand characters", new NpyError(0, "x".repeat(1000))],
])("an error %s is noticed", (_, error) => {
  expect(() => outcomesOf("planted", anything, throwing(error))).toThrow("case 0 of planted");
});
