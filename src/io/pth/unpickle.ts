/**
 * Reads a pickle without running it, on a machine whose opcodes only make data and whose imports are names of an allow-list. Anything else is
 * refused, with an error that names the opcode, its byte and the import. The pickle's length and a limit on its opcodes bound the work.
 */
import type { Refuse } from "../formatError.ts";
import { cursorAt } from "./cursor.ts";
import type { Machine } from "./machine.ts";
import { OPCODE_NAMES } from "./opcodeNames.ts";
import { ACTS } from "./opcodes.ts";
import type { Storage, Value } from "./values.ts";

export interface Unpickled {
  readonly value: Value;
  /** The position of the first byte after the pickle. */
  readonly end: number;
  /** The storages that the pickle names, by key. */
  readonly storages: ReadonlyMap<string, Storage>;
}

const [OLDEST, NEWEST] = [2, 4];
/** For comparison: a DeiT checkpoint with the optimiser's state has 30,000. */
const MOST_OPCODES = 1_000_000;

/**
 * Reads the pickle that begins at byte `start`.
 *
 * @throws the error of `refuse`
 */
export function unpickle(source: Uint8Array, start: number, refuse: Refuse): Unpickled {
  const cursor = cursorAt(source, start, refuse);
  let [at, name] = [start, "PROTO"];
  const wrong: Machine["wrong"] = (what) => refuse(at, `opcode ${name} ${what}`);
  const machine: Machine = { cursor, stack: [], marks: [], memo: new Map(), storages: new Map(), wrong };

  const next = (): string => {
    at = cursor.at();
    const code = cursor.unsigned(1);
    name = OPCODE_NAMES.get(code) ?? "";
    if (name === "") throw refuse(at, `byte ${code} is no opcode of pickle`);
    return name;
  };

  if (next() !== "PROTO") throw refuse(at, "a pickle of torch.save begins with the opcode PROTO");
  const protocol = cursor.unsigned(1);
  if (protocol < OLDEST || protocol > NEWEST) throw wrong(`has protocol ${protocol}; only ${OLDEST} to ${NEWEST} are read`);
  for (let count = 0; next() !== "STOP"; count++) {
    if (count === MOST_OPCODES) throw wrong(`exceeds the limit of ${MOST_OPCODES} opcodes`);
    const act = ACTS[name];
    if (act === undefined) throw wrong("is not one that torch.save writes");
    act(machine);
  }
  const { stack, marks, storages } = machine;
  const [value] = stack;
  if (marks.length > 0 || stack.length !== 1 || value === undefined)
    throw wrong(`must leave one value, not ${stack.length} and ${marks.length} marks`);
  return { value, end: cursor.at(), storages };
}
