/** Builds pickles and files of torch.save opcode by opcode, and splits pickles into opcodes. */
import { zipSync } from "fflate";

export type Bytes = readonly number[];

const utf8 = (text: string): Bytes => [...new TextEncoder().encode(text)];
const little = (value: bigint | number, width: number): Bytes =>
  Array.from({ length: width }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
const code = (letter: string): number => letter.charCodeAt(0);

export const op = (letter: string, ...args: Bytes): Bytes => [code(letter), ...args];
export const MARK: Bytes = op("(");
export const REDUCE: Bytes = op("R");
export const FALSE: Bytes = [0x89];
const TRUE: Bytes = [0x88];
export const text = (value: string): Bytes => op("X", ...little(utf8(value).length, 4), ...utf8(value));
export const int = (value: number): Bytes => op("J", ...little(value, 4));
/** An int of any size. */
export const long = (value: bigint, width = 10): Bytes => [0x8a, width, ...little(value, width)];
export const global = (module: string, name: string): Bytes => op("c", ...utf8(`${module}\n${name}\n`));
export const tuple = (...items: readonly Bytes[]): Bytes => [...MARK, ...items.flat(), ...op("t")];
export const list = (...items: readonly Bytes[]): Bytes => [...op("]"), ...MARK, ...items.flat(), ...op("e")];
export const dict = (...entries: readonly (readonly [key: Bytes, value: Bytes])[]): Bytes => [
  ...op("}"),
  ...MARK,
  ...entries.flat(2),
  ...op("u"),
];
export const call = (module: string, name: string, ...args: readonly Bytes[]): Bytes => [
  ...global(module, name),
  ...tuple(...args),
  ...REDUCE,
];

/** A whole pickle. */
export const pickle = (...parts: readonly Bytes[]): Bytes => [0x80, 2, ...parts.flat(), ...op(".")];

export interface TensorParts {
  readonly storage?: Bytes;
  readonly offset?: Bytes;
  readonly shape?: Bytes;
  readonly strides?: Bytes;
}

/** A reference to a storage: its class, key and count of numbers. */
export const storage = (of = "FloatStorage", key: Bytes = text("0"), numbers: Bytes = int(4)): Bytes => [
  ...tuple(text("storage"), global("torch", of), key, text("cpu"), numbers),
  ...op("Q"),
];

/** A tensor: by default 2×2 of the four numbers of storage 0. */
export const tensor = ({
  storage: of = storage(),
  offset = int(0),
  shape = tuple(int(2), int(2)),
  strides = tuple(int(2), int(1)),
}: TensorParts = {}): Bytes =>
  call("torch._utils", "_rebuild_tensor_v2", of, offset, shape, strides, FALSE, call("collections", "OrderedDict"));

/** Sets attributes of the preceding object. */
export const build = (state: Bytes): Bytes => [...state, ...op("b")];

interface LegacyParts {
  readonly magic?: Bytes;
  readonly version?: Bytes;
  readonly system?: Bytes;
  readonly keys?: Bytes;
  /** The bytes after the pickles. */
  readonly data?: Bytes;
}

const before = ({
  magic = long(0x1950a86a20f9469cfc6cn),
  version = int(1001),
  system = dict([text("little_endian"), TRUE]),
}: LegacyParts = {}): Bytes => [...pickle(magic), ...pickle(version), ...pickle(system)];

/** The position at which the pickle of the value begins. */
export const legacyStart: number = before().length;

/** A file of the form before torch 1.6 with this pickle, and by default one storage of four numbers. */
export function legacy(value: Bytes, parts: LegacyParts = {}): Uint8Array {
  const { keys = list(text("0")), data = [...little(4, 8), ...new Uint8Array(16)] } = parts;
  return Uint8Array.from([...before(parts), ...value, ...pickle(keys), ...data]);
}

/** A zip archive with this pickle, and by default one storage of four numbers. */
export function archive(
  value: Bytes,
  members: Readonly<Record<string, Bytes>> = { "a/data/0": [...new Uint8Array(16)] },
  name = "a/data.pkl",
): Uint8Array {
  const files = Object.entries({ [name]: value, ...members }).map(([name, bytes]): [string, Uint8Array] => [name, Uint8Array.from(bytes)]);
  return zipSync(Object.fromEntries(files), { level: 0, mtime: new Date(1980, 0, 1) });
}

/** The positions of one byte in an archive's pickle and one in its storage. */
export function parts(file: Uint8Array): { readonly pickle: number; readonly storage: number } {
  const at = (name: string): number => Buffer.from(file).indexOf(name) + name.length;
  return { pickle: at("a/data.pkl"), storage: at("a/data/0") };
}

/** The length of an opcode's argument, given the bytes that follow the opcode. */
function argumentLength(letter: number, rest: Uint8Array): number {
  const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
  const fixed: { readonly [letter: number]: number } = {
    0x80: 1,
    0x4b: 1,
    0x4d: 2,
    0x4a: 4,
    0x47: 8,
    0x71: 1,
    0x72: 4,
    0x68: 1,
    0x6a: 4,
    0x95: 8,
  };
  if (letter === code("X")) return rest.length < 4 ? rest.length : 4 + view.getUint32(0, true);
  if (letter === 0x8a || letter === 0x8c) return 1 + (rest[0] ?? 0);
  if (letter === code("c")) return rest.indexOf(10, rest.indexOf(10) + 1) + 1;
  return fixed[letter] ?? 0;
}

/** The opcodes of a pickle, each with its argument. */
export function opcodesOf(bytes: Uint8Array): readonly Uint8Array[] {
  const opcodes: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + argumentLength(bytes[at] ?? 0, bytes.subarray(at + 1));
    opcodes.push(bytes.subarray(at, end));
    at = end;
  }
  return opcodes;
}
