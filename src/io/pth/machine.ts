/** The stack that a pickle's opcodes work on. No opcode can reach below the innermost open mark. */
import { quoted } from "../formatError.ts";
import type { Cursor } from "./cursor.ts";
import { isAllowed } from "./globals.ts";
import type { Wrong } from "./storages.ts";
import { described, isA, type Dict, type List, type Storage, type Value } from "./values.ts";

export interface Machine {
  readonly cursor: Cursor;
  readonly stack: Value[];
  /** The heights of the stack at the open marks. */
  readonly marks: number[];
  readonly memo: Map<number, Value>;
  /** The storages that the pickle has named so far, by key. */
  readonly storages: Map<string, Storage>;
  /** Makes an error that names the current opcode. */
  readonly wrong: Wrong;
}

const above = ({ stack, marks }: Machine): number => stack.length - (marks.at(-1) ?? 0);

/** The value on top, which stays on the stack. */
export function top(m: Machine): Value {
  const value = m.stack.at(-1);
  if (above(m) < 1 || value === undefined) throw m.wrong("needs a value on the stack, which has none");
  return value;
}

export function pop(m: Machine): Value {
  const value = top(m);
  m.stack.length--;
  return value;
}

/** Removes the innermost mark and the values above it, and returns these. */
export function popMark(m: Machine): Value[] {
  const mark = m.marks.pop();
  if (mark === undefined) throw m.wrong("needs a mark on the stack, which has none");
  return m.stack.splice(mark);
}

/** Removes the top `count` values and returns them in the order in which they were pushed. */
export function popSome(m: Machine, count: number): Value[] {
  if (above(m) < count) throw m.wrong(`needs ${count} values on the stack, which has ${above(m)}`);
  return m.stack.splice(m.stack.length - count);
}

/** The list or dictionary on top, to which an opcode adds. */
export function container<K extends "list" | "dict">(m: Machine, kind: K): K extends "list" ? List : Dict;
export function container(m: Machine, kind: "list" | "dict"): List | Dict {
  const value = top(m);
  if (!isA(value, kind)) throw m.wrong(`adds to a ${kind}, but has ${described(value)}`);
  return value;
}

const isKey = (value: Value): boolean => typeof value !== "object" || value === null || isA(value, "tuple");

/** Adds alternating keys and values to the dictionary on top. */
export function setItems(m: Machine, items: readonly Value[]): void {
  const { entries } = container(m, "dict");
  if (items.length % 2 !== 0) throw m.wrong("has a key without a value");
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key = null, value = null] = items.slice(i, i + 2);
    if (!isKey(key)) throw m.wrong(`uses ${described(key)} as a key`);
    if (entries.has(key)) throw m.wrong(`sets the key ${typeof key === "string" ? quoted(key) : described(key)} twice`);
    entries.set(key, value);
  }
}

/** Sets the attributes of the object on top. A dictionary's attributes do not affect its entries and are dropped. */
export function build(m: Machine): void {
  const state = pop(m);
  const object = top(m);
  if (!isA(state, "dict")) throw m.wrong(`gives attributes as ${described(state)}, not a dict`);
  if (isA(object, "instance")) object.state = state;
  else if (!isA(object, "dict")) throw m.wrong(`gives attributes to ${described(object)}`);
}

/** Pushes a name as inert data; nothing is imported. */
export function importName(m: Machine, module: Value, name: Value): void {
  if (typeof module !== "string" || typeof name !== "string") throw m.wrong("needs a module and a name as strings");
  const whole = `${module}.${name}`;
  if (!isAllowed(whole)) throw m.wrong(`imports ${quoted(whole)}, which is not allowed; nothing of a pickle is run`);
  m.stack.push({ kind: "global", name: whole });
}

export function recall(m: Machine, index: number): void {
  const value = m.memo.get(index);
  if (value === undefined) throw m.wrong(`asks for value ${index} of the memo, which does not exist`);
  m.stack.push(value);
}
