/** Loads an MPI library with koffi, and the constants by which the two kinds of libraries differ. Runs in the thread that makes all MPI calls. */
import type { Family } from "./launch.ts";

/** A C function: pointers are typed arrays, addresses or null. */
export type Native = (...args: readonly unknown[]) => unknown;

/** What is used of the package koffi. */
interface Koffi {
  /** Null: the functions of the process itself. */
  readonly load: (path: string | null, options: { readonly lazy: boolean; readonly global: boolean }) => Loaded;
}
interface Loaded {
  readonly func: (name: string, result: string, parameters: readonly string[]) => Native;
  /** The address of a variable. @throws where there is none */
  readonly symbol: (name: string) => bigint;
}

/** Not of a literal type, so that the project compiles where the package is not installed. */
const PACKAGE: string = "koffi";
/** With the version that this project is tested with. */
const INSTALL = `npm install ${PACKAGE}@3.3.4`;

/** Names by which the dynamic linker finds the libraries; the first that loads is taken. */
const FILES: Readonly<Record<Family, readonly string[]>> = {
  "Open MPI": ["libmpi.so.40", "libmpi.40.dylib"],
  MPICH: ["libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib"],
};
const ANY = ["libmpi.so", "libmpi.dylib"];

/** The variable that names a library. */
export const VARIABLE = "DEIT_MPI";

/** A handle of MPI: the address of an object in Open MPI, a number in MPICH. */
export type Handle = bigint | number;

export interface MpiLibrary {
  readonly file: string;
  readonly family: Family;
  /** C's type of a handle. */
  readonly handle: "void *" | "int";
  readonly world: Handle;
  readonly byte: Handle;
  readonly float: Handle;
  readonly double: Handle;
  readonly sum: Handle;
  /** The error handler by which functions return their errors. */
  readonly errorsReturn: Handle;
  /** Addresses with a meaning: no status is wanted; the numbers to send lie where the result belongs. */
  readonly statusIgnore: bigint;
  readonly inPlace: bigint;
  readonly func: (name: string, parameters: readonly string[]) => Native;
}

async function koffi(): Promise<Koffi> {
  try {
    const { default: loaded }: { readonly default: Koffi } = await import(PACKAGE);
    return loaded;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    const reason = error instanceof Error ? error.message : String(error);
    const what = missing ? `is not installed: ${INSTALL}` : `does not load here: ${reason}`;
    throw new RangeError(`MPI: several ranks need the package ${PACKAGE}, which ${what}`, { cause: error });
  }
}

/** dlopen's flag RTLD_LAZY. */
const LAZY = 1;

/** Opens a library once more, for good: when the thread ends, koffi closes what it has opened, but MPI's transports may still have threads and handlers. */
function keepOpen({ load }: Koffi, file: string): void {
  load(null, { lazy: true, global: false }).func("dlopen", "void *", ["str", "int"])(file, LAZY);
}

/** From the mpi.h of Open MPI 4 and 5: handles are the addresses of global variables. */
const openMpi = (file: string, loaded: Loaded): MpiLibrary => ({
  file,
  family: "Open MPI",
  handle: "void *",
  world: loaded.symbol("ompi_mpi_comm_world"),
  byte: loaded.symbol("ompi_mpi_byte"),
  float: loaded.symbol("ompi_mpi_float"),
  double: loaded.symbol("ompi_mpi_double"),
  sum: loaded.symbol("ompi_mpi_op_sum"),
  errorsReturn: loaded.symbol("ompi_mpi_errors_return"),
  statusIgnore: 0n,
  inPlace: 1n,
  func: (name, parameters) => loaded.func(name, "int", parameters),
});

/** From the mpi.h of MPICH 3 and 4, whose binary interface Intel MPI and MVAPICH share: handles are numbers. */
const mpich = (file: string, loaded: Loaded): MpiLibrary => ({
  file,
  family: "MPICH",
  handle: "int",
  world: 0x44000000,
  byte: 0x4c00010d,
  float: 0x4c00040a,
  double: 0x4c00080b,
  sum: 0x58000003,
  errorsReturn: 0x54000001,
  statusIgnore: 1n,
  inPlace: -1n,
  func: (name, parameters) => loaded.func(name, "int", parameters),
});

const has = (find: () => unknown): boolean => {
  try {
    find();
    return true;
  } catch {
    return false;
  }
};

/** @throws RangeError for a library that is not of MPI */
function libraryIn(file: string, loaded: Loaded): MpiLibrary {
  if (!has(() => loaded.func("MPI_Init_thread", "int", [])))
    throw new RangeError(`MPI: ${file} is no MPI library: it has no MPI_Init_thread`);
  return has(() => loaded.symbol("ompi_mpi_comm_world")) ? openMpi(file, loaded) : mpich(file, loaded);
}

/** @param family the kind to look for first @param named the library to take; null: look for one @throws RangeError that says what is missing */
export async function loadLibrary(family: Family | null, named: string | null): Promise<MpiLibrary> {
  const found = await koffi();
  const [first, second]: readonly [Family, Family] = family === "MPICH" ? ["MPICH", "Open MPI"] : ["Open MPI", "MPICH"];
  const files = named === null ? [...FILES[first], ...ANY, ...FILES[second]] : [named];
  let reason = "";
  for (const file of files) {
    let loaded: Loaded;
    try {
      loaded = found.load(file, { lazy: true, global: true }); // global: Open MPI's plug-ins look for its functions there
    } catch (error) {
      reason ||= error instanceof Error ? error.message : String(error);
      continue;
    }
    keepOpen(found, file);
    return libraryIn(file, loaded);
  }
  if (named !== null) throw new RangeError(`MPI: ${VARIABLE}=${named} cannot be loaded: ${reason}`);
  throw new RangeError(
    `MPI: no library is here; apt-get install openmpi-bin (or mpich) installs one, and ${VARIABLE}=PATH names one elsewhere`,
  );
}
