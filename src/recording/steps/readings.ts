/**
 * Which tensors of a recording are looked at, in which order, and from where (recording format, section 5).
 *
 *   forward     the taps as they are computed, and the loss
 *   backward    the steps undone in reverse; undoing one gives the cotangents of what it reads, then the gradients of its weights
 *   optimiser   after/1, after/2, …; in each the order of the parameters
 */
import { parameterShapes } from "../../model/params.ts";
import type { Recording } from "../format/read.ts";
import { stepsOf, type Step } from "./steps.ts";

/** How one tensor of a recording comes about. */
export interface Reading {
  /** As in the file: `taps/blocks.0`, `grads/head.bias`. */
  readonly name: string;
  /** What makes it: one step forward, or the undoing of all steps that read a tap or a weight (their parts add up); none: it is zero. */
  readonly steps: readonly Step[];
  /** Taps and cotangents of the file that it is made from. */
  readonly results: readonly string[];
  /** Given tensors that it is made from, where the file stores them. */
  readonly given: readonly string[];
}

export const tapName = (tap: string): string => (tap === "loss" ? "loss" : `taps/${tap}`);

/** Whether the forward pass makes it. */
export const isForward = (name: string): boolean => name === "loss" || name.startsWith("taps/");

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** Given tensors that a step reads beside its taps, as a file calls them. */
const givenTo = ({ reads, weights, given }: Step): readonly string[] => [
  ...weights.map((name) => `weights/${name}`),
  ...reads.filter((read) => read === "images"),
  ...given,
];

const tapsOf = ({ reads }: Step): readonly string[] => reads.filter((read) => read !== "images").map(tapName);

function forward(step: Step): Reading {
  return { name: tapName(step.tap), steps: [step], results: tapsOf(step), given: givenTo(step) };
}

/** Made by undoing these steps: from what they read, and from the cotangents of what they make; the loss's own is 1. */
function undone(name: string, steps: readonly Step[]): Reading {
  const cotangents = steps.filter(({ tap }) => tap !== "loss").map(({ tap }) => `cotangents/${tap}`);
  return { name, steps, results: unique([...steps.flatMap(tapsOf), ...cotangents]), given: unique(steps.flatMap(givenTo)) };
}

/** The steps on the way to the loss: it, what it reads, and what that is made from. */
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

/** Cotangents and gradients in the order in which the right network's steps are undone. */
function backwardNames(right: readonly Step[]): readonly string[] {
  const steps = onPath(right);
  const order = new Map(right.map(({ tap }, i) => [tap, i]));
  const firstReader = (tap: string): Step | undefined => steps.find(({ reads }) => reads.includes(tap));
  return steps.toReversed().flatMap((step) => {
    const last = step.reads.filter((read) => firstReader(read) === step); // undone in reverse, so the first reader is the last
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
 * @param steps what makes them; default: the right network. The order is always that of the right one.
 */
export function passReadings(recording: Recording, steps?: readonly Step[]): readonly Reading[] {
  const right = stepsOf(recording);
  const made = steps ?? right;
  const path = onPath(made);
  const readers = (read: string): readonly Step[] => path.filter(({ reads }) => reads.includes(read));
  const backward = backwardNames(right).map((name) => {
    if (name === "grads/images") return undone(name, readers("images"));
    const of = name.slice(name.indexOf("/") + 1);
    return undone(name, name.startsWith("cotangents/") ? readers(of) : path.filter(({ weights }) => weights.includes(of)));
  });
  return [...made.map(forward), ...backward];
}

/** The weights after each step of the optimiser. */
export function laterNames({ configuration: { model, optimizer } }: Recording): readonly (readonly string[])[] {
  const names = [...parameterShapes(model).keys()];
  return (optimizer?.lr ?? []).map((_, i) => names.map((name) => `after/${i + 1}/${name}`));
}

/** Whether all that the reading starts from is in the file. */
export const isLocal = ({ results }: Reading, recording: Recording): boolean => results.every((name) => recording.results.has(name));

/** What a value was made from. */
export interface Origin {
  /** From the recording's own values; else from the images on. */
  readonly local: boolean;
  /** Tensors of the file. */
  readonly starts: readonly string[];
}

export function originOf(reading: Reading, recording: Recording): Origin {
  const local = isLocal(reading, recording);
  return { local, starts: local ? [...reading.results, ...reading.given] : [...recording.given.keys()] };
}

/** The first step is local where it has the recorded gradient; the gradients of later steps are computed from the images on. */
export function laterOrigin(name: string, { given, results }: Recording): Origin {
  const [, step = "", ...parameter] = name.split("/");
  const gradient = `grads/${parameter.join("/")}`;
  if (step === "1" && results.has(gradient)) return { local: true, starts: [gradient, `weights/${parameter.join("/")}`] };
  const before = [...results.keys()].filter((other) => other.startsWith(step === "1" ? "grads/" : `after/${Number(step) - 1}/`));
  return { local: false, starts: [...given.keys(), ...before] };
}
