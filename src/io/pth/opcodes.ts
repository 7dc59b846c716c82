/** The opcodes of pickle's protocols 2 to 4 that `torch.save` writes (Python's pickletools documents each). */
import { quoted } from "../formatError.ts";
import { called } from "./globals.ts";
import { build, container, importName, pop, popMark, popSome, recall, setItems, top, type Machine } from "./machine.ts";
import { storageOf } from "./storages.ts";
import type { Value } from "./values.ts";

/** The greatest number of bytes of a long int. */
const LONGEST_INT = 64;

/** A Python int: two's complement, little-endian. */
function integer(m: Machine, width: number): number | bigint {
  if (width > LONGEST_INT) throw m.wrong(`has an int of ${width} bytes; at most ${LONGEST_INT} are read`);
  let value = 0n;
  const bytes = m.cursor.bytes(width);
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  if (((bytes.at(-1) ?? 0) & 128) !== 0) value -= 1n << BigInt(8 * width);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const tuple = (items: readonly Value[]): Value => ({ kind: "tuple", items });

/** Pushes the storage that the pickle names. A key always has the same dtype and length. */
function persistent(m: Machine): void {
  const storage = storageOf(pop(m), m.wrong);
  const { key, dtype, length } = storage;
  const known = m.storages.get(key) ?? storage;
  if (known.dtype !== dtype || known.length !== length)
    throw m.wrong(`names storage ${quoted(key)} as ${length} of ${dtype}, but before as ${known.length} of ${known.dtype}`);
  m.storages.set(key, known);
  m.stack.push(known);
}

function call(m: Machine): void {
  const [callee = null, args = null] = popSome(m, 2);
  m.stack.push(called(callee, args, m.wrong));
}

const push =
  (value: (m: Machine) => Value) =>
  (m: Machine): void =>
    void m.stack.push(value(m));
const remember = (m: Machine, index: number): void => void m.memo.set(index, top(m));

/** What each opcode does. PROTO and STOP are handled by unpickle.ts. */
export const ACTS: { readonly [name: string]: (m: Machine) => void } = {
  MARK: ({ marks, stack }) => void marks.push(stack.length),
  POP: (m) => void pop(m),
  POP_MARK: (m) => void popMark(m),
  DUP: push(top),
  NONE: push(() => null),
  NEWTRUE: push(() => true),
  NEWFALSE: push(() => false),
  BININT: push((m) => m.cursor.int32()),
  BININT1: push((m) => m.cursor.unsigned(1)),
  BININT2: push((m) => m.cursor.unsigned(2)),
  LONG1: push((m) => integer(m, m.cursor.unsigned(1))),
  LONG4: push((m) => integer(m, m.cursor.unsigned(4))),
  BINFLOAT: push((m) => m.cursor.float64()),
  SHORT_BINSTRING: push((m) => m.cursor.text(m.cursor.unsigned(1))),
  BINSTRING: push((m) => m.cursor.text(m.cursor.unsigned(4))),
  SHORT_BINUNICODE: push((m) => m.cursor.text(m.cursor.unsigned(1))),
  BINUNICODE: push((m) => m.cursor.text(m.cursor.unsigned(4))),
  BINUNICODE8: push((m) => m.cursor.text(m.cursor.length8())),
  SHORT_BINBYTES: push((m) => m.cursor.bytes(m.cursor.unsigned(1))),
  BINBYTES: push((m) => m.cursor.bytes(m.cursor.unsigned(4))),
  BINBYTES8: push((m) => m.cursor.bytes(m.cursor.length8())),
  EMPTY_TUPLE: push(() => tuple([])),
  TUPLE1: push((m) => tuple(popSome(m, 1))),
  TUPLE2: push((m) => tuple(popSome(m, 2))),
  TUPLE3: push((m) => tuple(popSome(m, 3))),
  TUPLE: push((m) => tuple(popMark(m))),
  EMPTY_LIST: push(() => ({ kind: "list", items: [] })),
  APPEND: (m) => {
    const item = pop(m);
    container(m, "list").items.push(item);
  },
  APPENDS: (m) => {
    const items = popMark(m);
    const list = container(m, "list").items;
    for (const item of items) list.push(item);
  },
  EMPTY_DICT: push(() => ({ kind: "dict", entries: new Map() })),
  SETITEM: (m) => setItems(m, popSome(m, 2)),
  SETITEMS: (m) => setItems(m, popMark(m)),
  BINPUT: (m) => remember(m, m.cursor.unsigned(1)),
  LONG_BINPUT: (m) => remember(m, m.cursor.unsigned(4)),
  MEMOIZE: (m) => remember(m, m.memo.size),
  BINGET: (m) => recall(m, m.cursor.unsigned(1)),
  LONG_BINGET: (m) => recall(m, m.cursor.unsigned(4)),
  GLOBAL: (m) => importName(m, m.cursor.line(), m.cursor.line()),
  STACK_GLOBAL: (m) => {
    const [module = null, name = null] = popSome(m, 2);
    importName(m, module, name);
  },
  /** An opcode of protocol 0, which imports a name and calls it. */
  INST: (m) => {
    throw m.wrong(`imports ${quoted(`${m.cursor.line()}.${m.cursor.line()}`)} and calls it; nothing of a pickle is run`);
  },
  REDUCE: call,
  NEWOBJ: call,
  BUILD: build,
  BINPERSID: persistent,
  /** Skips the length of a frame, which only readers of streams need. */
  FRAME: (m) => void m.cursor.length8(),
};
