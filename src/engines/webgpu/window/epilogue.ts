/**
 * Epilogue fusion: a program that works element by element is appended to the program that computes its elements. Where the producer stores an
 * element, the fused program goes on with the consumer's text for that element, so the consumer needs no dispatch, and reads nothing back.
 *
 *   C = A B, y = f(C)   →   one program; and where nothing else reads C, it is not stored
 *
 * The consumer gets each element as it would have read it, rounded to its storage: results are bitwise identical to those of two dispatches.
 */
import { codeOf, declare, program, type Declarations, type Program, type ProgramText } from "../program.ts";

/** Calls that store a tensor, as text. */
const storesOf = (tensor: string): RegExp => new RegExp(`\\bstore([24]?)_${tensor}\\(`, "g");

const allCode = ({ main, declarations = [] }: ProgramText): string => codeOf(declarations) + main;

/** Elements that the text stores at a time: the fewest of all its stores of the tensor. */
function storeUnit(text: ProgramText, tensor: string): number {
  return Math.min(...[...allCode(text).matchAll(storesOf(tensor))].map(([, unit]) => (unit === "" ? 1 : Number(unit))));
}

/** Whether `consumer` can follow the stores of a tensor of `producer`. */
export function canFollow(producer: Program, tensor: string, consumer: Program): boolean {
  const { covers = [] } = producer.text;
  const { perElement } = consumer.text;
  if (perElement === undefined || !covers.includes(tensor)) return false;
  const isLoaded = producer.uses[Object.keys(producer.text.tensors).indexOf(tensor)]?.reads;
  return isLoaded === false && storeUnit(producer.text, tensor) >= perElement.unit;
}

/** The consumer's text under names of its own: its tensors, its params. */
function renamed(code: string, tensors: readonly string[], prefix: string): string {
  const accessor = new RegExp(`\\b(load[24]?|words|store[24]?)_(${tensors.join("|")})\\(`, "g");
  return code.replaceAll(accessor, `$1_${prefix}_$2(`).replaceAll(/\bp\.(\w+)/g, `p.${prefix}_$1`);
}

const prefixed = <V>(prefix: string, record: Readonly<Record<string, V>>, without: readonly string[] = []): Record<string, V> =>
  Object.fromEntries(Object.entries(record).flatMap(([name, value]) => (without.includes(name) ? [] : [[`${prefix}_${name}`, value]])));

/** The function `prefix(at, value)`: the consumer's body, with `value` for the elements of `inputs`. */
function epilogueFunction(prefix: string, { text }: Program, inputs: readonly string[]): Declarations {
  const { unit = 1, body = "" } = text.perElement ?? {};
  const [type, load, last] = unit === 1 ? ["f32", "load", "at"] : ["vec2f", "load2", "2u * at"];
  const given = inputs.map((name) => `fn ${load}_${prefix}_${name}(at: u32) -> ${type} { return ${prefix}_value; }\n`);
  return declare(`
var<private> ${prefix}_value: ${type};
${given.join("")}fn ${prefix}(at: u32, value: ${type}) {
  if (${last} >= p.${prefix}_n) { return; }
  ${prefix}_value = value;
${renamed(body, Object.keys(text.tensors), prefix)}
}
`);
}

/** Programs by what they were made from, so that equal programs are one object. */
const fusedOf = new WeakMap<Program, Map<Program, Map<string, Program>>>();

function remembered(producer: Program, consumer: Program, key: string, make: () => Program): Program {
  const byConsumer = fusedOf.get(producer) ?? new Map<Program, Map<string, Program>>();
  fusedOf.set(producer, byConsumer);
  const byKey = byConsumer.get(consumer) ?? new Map<string, Program>();
  byConsumer.set(consumer, byKey);
  const made = byKey.get(key) ?? make();
  byKey.set(key, made);
  return made;
}

/**
 * `producer`, followed by `consumer` at each store of `tensor`. Binds the tensors of the producer, then those of the consumer without `inputs`; the
 * params of the producer, then those of the consumer.
 *
 * @param inputs the consumer's names of the tensor
 */
export function withEpilogue(producer: Program, tensor: string, consumer: Program, inputs: readonly string[]): Program {
  return remembered(producer, consumer, `${tensor} ${inputs.join()}`, () => {
    const { text } = producer;
    const { tensors, params, declarations = [], enables = [] } = consumer.text;
    const prefix = `then${Object.values(text.epilogues ?? {}).flat().length}`;
    const { unit = 1, covers = [] } = consumer.text.perElement ?? {};
    if (/\bp\.|\b(load|store)/.test(codeOf(declarations)))
      throw new Error(`${consumer.name}: only the body of an epilogue may use params and tensors, not its declarations`);
    return program({
      ...text,
      name: `${text.name} + ${consumer.name}`,
      tensors: { ...text.tensors, ...prefixed(prefix, tensors, inputs) },
      params: { ...text.params, ...prefixed(prefix, params) },
      enables: [...new Set([...(text.enables ?? []), ...enables])],
      declarations: [...(text.declarations ?? []), ...declarations, epilogueFunction(prefix, consumer, inputs)],
      covers: [...(text.covers ?? []), ...covers.map((name) => `${prefix}_${name}`)],
      partial: [...(text.partial ?? []), ...(consumer.text.partial ?? []).map((name) => `${prefix}_${name}`)],
      epilogues: { ...text.epilogues, [tensor]: [...(text.epilogues?.[tensor] ?? []), { name: prefix, unit }] },
    });
  });
}

/** The same program, which no longer stores a tensor that has epilogues, nor binds it. */
export function withoutStore(made: Program, tensor: string): Program {
  return remembered(made, made, tensor, () => {
    const { [tensor]: element, ...tensors } = made.text.tensors;
    if (element === undefined) throw new Error(`${made.name} has no tensor ${tensor}`);
    return program({ ...made.text, tensors, unstored: { ...made.text.unstored, [tensor]: element } });
  });
}
