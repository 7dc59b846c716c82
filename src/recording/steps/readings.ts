/**
 * Which tensors of a recording are judged, in which order, and what each is computed from (recording format, section 5).
 *
 *   forward     the taps as they are computed, and the loss
 *   backward    the VJPs of the steps in reverse; each gives the cotangents of what its step reads, then the gradients of its weights
 *   optimiser   after/1, after/2, …; in each the order of the parameters
 */
import { parameterShapes } from "../../model/params.ts";
import type { Recording } from "../format/read.ts";
import { stepsOf, type Step } from "./steps.ts";

/** How one tensor of a recording comes about. */
export interface Reading {
  /** As in the file: `taps/blocks.0`, `grads/head.bias`. */
  readonly name: string;
  /** What computes it: one step forward, or the VJPs, which add up, of all steps that read the tap or the weight; none: it is zero. */
  readonly steps: readonly Step[];
  /** Taps and cotangents of the file that it is computed from. */
  readonly results: readonly string[];
  /** Given tensors that it is computed from, where the file stores them. */
  readonly given: readonly string[];
}

export const tapName = (tap: string): string => (tap === "loss" ? "loss" : `taps/${tap}`);

/** Whether the forward pass computes the tensor of this name. */
export const isForward = (name: string): boolean => name === "loss" || name.startsWith("taps/");

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** Names in a file of the given tensors that a step needs in addition to its taps. */
const givenTo = ({ reads, weights, given }: Step): readonly string[] => [
  ...weights.map((name) => `weights/${name}`),
  ...reads.filter((read) => read === "images"),
  ...given,
];

const tapsOf = ({ reads }: Step): readonly string[] => reads.filter((read) => read !== "images").map(tapName);

function forward(step: Step): Reading {
  return { name: tapName(step.tap), steps: [step], results: tapsOf(step), given: givenTo(step) };
}

/** A cotangent or gradient by the VJPs of these steps: from what they read and the cotangents of what they compute; that of the loss is 1. */
function backward(name: string, steps: readonly Step[]): Reading {
  const cotangents = steps.filter(({ tap }) => tap !== "loss").map(({ tap }) => `cotangents/${tap}`);
  return { name, steps, results: unique([...steps.flatMap(tapsOf), ...cotangents]), given: unique(steps.flatMap(givenTo)) };
}

/** The steps that the loss depends on, and the loss itself. */
export function onPath(steps: readonly Step[]): readonly Step[] {
  const byTap = new Map(steps.map((step) => [step.tap, step]));
  const reached = new Set<Step>();
  const reach = (tap: string): void => {
    const step = byTap.get(tap);
    if (step === undefined || reached.has(step)) return;
    reached.add(step);
    step.reads.forEach(reach);
  };
  reach("loss");
  return steps.filter((step) => reached.has(step));
}

/** Names of cotangents and gradients in the order of the right network's backward pass. */
function backwardNames(right: readonly Step[]): readonly string[] {
  const steps = onPath(right);
  const order = new Map(right.map(({ tap }, i) => [tap, i]));
  const firstReader = (tap: string): Step | undefined => steps.find(({ reads }) => reads.includes(tap));
  return steps.toReversed().flatMap((step) => {
    const last = step.reads.filter((read) => firstReader(read) === step); // in reverse order the first reader comes last, and its VJP completes the sum
    const cotangents = last.toSorted((a, b) => (order.get(b) ?? 0) - (order.get(a) ?? 0));
    return [
      ...cotangents.map((read) => (read === "images" ? "grads/images" : `cotangents/${read}`)),
      ...step.weights.map((weight) => `grads/${weight}`),
    ];
  });
}

/**
 * Every tap, cotangent and gradient that a recording of this configuration may hold, in order.
 *
 * @param steps the steps that compute them; default: the right network. The order is always that of the right network.
 */
export function passReadings(recording: Recording, steps?: readonly Step[]): readonly Reading[] {
  const right = stepsOf(recording);
  const made = steps ?? right;
  const path = onPath(made);
  const readers = (read: string): readonly Step[] => path.filter(({ reads }) => reads.includes(read));
  const backwardReadings = backwardNames(right).map((name) => {
    if (name === "grads/images") return backward(name, readers("images"));
    const of = name.slice(name.indexOf("/") + 1);
    return backward(name, name.startsWith("cotangents/") ? readers(of) : path.filter(({ weights }) => weights.includes(of)));
  });
  return [...made.map(forward), ...backwardReadings];
}

/** Names of the weights after each step of the optimiser. */
export function updatedWeightNames({ configuration: { model, optimizer } }: Recording): readonly (readonly string[])[] {
  const names = [...parameterShapes(model).keys()];
  return (optimizer?.lr ?? []).map((_, i) => names.map((name) => `after/${i + 1}/${name}`));
}

/** Whether the file holds all that the reading is computed from. */
export const isLocal = ({ results }: Reading, recording: Recording): boolean => results.every((name) => recording.results.has(name));

/** What a value was computed from. */
export interface Origin {
  /** Whether it was computed from the recording's own values; else from the images on. */
  readonly local: boolean;
  /** Names of the tensors of the file that it was computed from. */
  readonly starts: readonly string[];
}

export function originOf(reading: Reading, recording: Recording): Origin {
  const local = isLocal(reading, recording);
  return { local, starts: local ? [...reading.results, ...reading.given] : [...recording.given.keys()] };
}

/** Weights after step 1 are local if their gradient is recorded; the gradients of later steps are computed from the images on. */
export function updatedWeightOrigin(name: string, { given, results }: Recording): Origin {
  const [, step = "", ...parameter] = name.split("/");
  const gradient = `grads/${parameter.join("/")}`;
  if (step === "1" && results.has(gradient)) return { local: true, starts: [gradient, `weights/${parameter.join("/")}`] };
  const before = [...results.keys()].filter((other) => other.startsWith(step === "1" ? "grads/" : `after/${Number(step) - 1}/`));
  return { local: false, starts: [...given.keys(), ...before] };
}
