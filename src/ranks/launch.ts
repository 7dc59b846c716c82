/**
 * Which program has started this process as one of several, read off the environment variables that it sets:
 *
 * | variable | set by |
 * |---|---|
 * | OMPI_COMM_WORLD_SIZE | mpirun of Open MPI |
 * | PMI_RANK, PMI_SIZE | mpiexec of MPICH, Intel MPI and MVAPICH (Hydra), with a socket PMI_FD that programs between must pass on; srun --mpi=pmi2 |
 * | PMI_PORT | mpiexec -pmi-port, in place of these |
 * | PMIX_RANK | srun --mpi=pmix, and mpirun of Open MPI 5 beside its own |
 * | SLURM_STEP_NUM_TASKS, SLURM_PROCID | every srun, also one whose processes cannot find each other; SLURM_PROCID and SLURM_NTASKS also exist in a batch script, which is one process |
 */
import { fstatSync } from "node:fs";

/** Kinds of MPI libraries by their binary interface; Intel MPI and MVAPICH have that of MPICH. */
export type Family = "Open MPI" | "MPICH";

export interface Launch {
  /** The program, for messages. */
  readonly by: string;
  /** The library that certainly fits; null: any may. */
  readonly family: Family | null;
  /** The number of processes. */
  readonly count: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

const isSocket = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor).isSocket();
  } catch {
    return false;
  }
};

const numberOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

/**
 * How this process was started; null: alone.
 *
 * @param connected whether a file descriptor is a socket
 * @throws RangeError where it is one of several that cannot find each other
 */
export function launchOf(variables: Environment, connected: (descriptor: number) => boolean = isSocket): Launch | null {
  const { OMPI_COMM_WORLD_SIZE: open, PMI_RANK, PMI_SIZE, PMI_FD, PMIX_RANK, SLURM_STEP_NUM_TASKS: tasks, SLURM_PROCID } = variables;
  if (open !== undefined) return { by: "mpirun of Open MPI", family: "Open MPI", count: Number(open) };
  if (PMI_RANK !== undefined || PMI_SIZE !== undefined) {
    if (PMI_FD !== undefined && !connected(Number(PMI_FD)))
      throw new RangeError(
        "MPI: the connection to mpiexec was closed by a program that started this one, such as npx; mpiexec node node_modules/.bin/deit …, or mpiexec -pmi-port, would be right",
      );
    return tasks === undefined || variables["HYDI_CONTROL_FD"] !== undefined
      ? { by: "mpiexec", family: "MPICH", count: numberOf(PMI_SIZE) }
      : { by: "srun", family: null, count: numberOf(PMI_SIZE) };
  }
  if (variables["PMI_PORT"] !== undefined) return { by: "mpiexec", family: "MPICH", count: null };
  if (PMIX_RANK !== undefined) return { by: tasks === undefined ? "a launcher with PMIx" : "srun", family: null, count: numberOf(tasks) };
  if (SLURM_PROCID === undefined || tasks === undefined || Number(tasks) === 1) return null;
  throw new RangeError(
    `MPI: srun has started ${tasks} processes that cannot find each other; srun --mpi=pmix or --mpi=pmi2 would be right`,
  );
}

/** The place of a process among those that its launcher has started on the same host. */
export interface LocalPlace {
  readonly index: number;
  /** For srun, which does not say it: at least this many. */
  readonly count: number;
  readonly by: "mpirun" | "srun";
}

/** The place of this process on its host, as Open MPI, Hydra (MPICH, Intel MPI) or Slurm gives it; null: none does. */
export function localPlaceOf(variables: Environment): LocalPlace | null {
  const { OMPI_COMM_WORLD_LOCAL_RANK, OMPI_COMM_WORLD_LOCAL_SIZE, MPI_LOCALRANKID, MPI_LOCALNRANKS, SLURM_LOCALID } = variables;
  const index = OMPI_COMM_WORLD_LOCAL_RANK ?? MPI_LOCALRANKID;
  const count = OMPI_COMM_WORLD_LOCAL_SIZE ?? MPI_LOCALNRANKS;
  if (index !== undefined && count !== undefined) return { index: Number(index), count: Number(count), by: "mpirun" };
  return SLURM_LOCALID === undefined ? null : { index: Number(SLURM_LOCALID), count: Number(SLURM_LOCALID) + 1, by: "srun" };
}

/** What a process must hand to one that it starts, so that this one can be the rank. */
export interface PassedOn {
  /** Descriptors for `stdio` of `spawn`, from place `at` on. */
  readonly descriptors: readonly number[];
  readonly variables: Readonly<Record<string, string>>;
}

/** Node closes all descriptors but those of `stdio`, so the socket to mpiexec is passed on as descriptor `at`; others find their launcher by variables alone. */
export function passedOn(variables: Environment, at: number): PassedOn {
  const socket = Number(variables["PMI_FD"] ?? NaN);
  return isSocket(socket) ? { descriptors: [socket], variables: { PMI_FD: `${at}` } } : { descriptors: [], variables: {} };
}
