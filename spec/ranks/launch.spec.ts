/** How a process finds out that it is one of several. */
import { describe, expect, it } from "vitest";
import { launchOf } from "../../src/ranks/launch.ts";

describe("the launcher", () => {
  it.each([
    ["nothing", {}, null],
    ["a batch script of Slurm", { SLURM_PROCID: "0", SLURM_NTASKS: "8" }, null],
    ["a lone srun", { SLURM_PROCID: "0", SLURM_NTASKS: "1", SLURM_STEP_NUM_TASKS: "1" }, null],
    ["mpirun of Open MPI 4", { OMPI_COMM_WORLD_SIZE: "4", PMIX_RANK: "1" }, { by: "mpirun of Open MPI", family: "Open MPI", count: 4 }],
    ["mpirun of Open MPI inside a step of Slurm", { OMPI_COMM_WORLD_SIZE: "4", SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "2" }, { by: "mpirun of Open MPI", family: "Open MPI", count: 4 }],
    ["mpiexec of MPICH", { PMI_RANK: "0", PMI_SIZE: "2", PMI_FD: "6" }, { by: "mpiexec", family: "MPICH", count: 2 }],
    ["mpiexec -pmi-port", { PMI_PORT: "host:1234", PMI_ID: "0" }, { by: "mpiexec", family: "MPICH", count: null }],
    ["mpiexec of MPICH that Slurm's srun has started", { PMI_RANK: "0", PMI_SIZE: "2", SLURM_STEP_NUM_TASKS: "2", HYDI_CONTROL_FD: "7" }, { by: "mpiexec", family: "MPICH", count: 2 }],
    ["srun --mpi=pmi2", { PMI_RANK: "0", PMI_SIZE: "2", SLURM_STEP_NUM_TASKS: "2", SLURM_PROCID: "0" }, { by: "srun", family: null, count: 2 }],
    ["srun --mpi=pmix", { PMIX_RANK: "3", SLURM_STEP_NUM_TASKS: "8", SLURM_PROCID: "3" }, { by: "srun", family: null, count: 8 }],
  ])("%s is recognised by its variables", (_, variables, expected) => {
    expect(launchOf(variables, () => true)).toEqual(expected);
  }); // prettier-ignore

  it("srun without MPI, which starts processes that cannot find each other, is refused", () => {
    expect(() => launchOf({ SLURM_PROCID: "1", SLURM_STEP_NUM_TASKS: "4" })).toThrow(
      "MPI: srun has started 4 processes that cannot find each other; srun --mpi=pmix or --mpi=pmi2 would be right",
    );
  });

  it("mpiexec whose socket a program between has closed is refused", () => {
    expect(() => launchOf({ PMI_RANK: "0", PMI_SIZE: "2", PMI_FD: "6" }, () => false)).toThrow("such as npx");
  });
});
