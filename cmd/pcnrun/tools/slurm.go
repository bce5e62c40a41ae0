package tools

import "github.com/spf13/cobra"

// Slurm is a page of help on runs in a cluster's queue.
func Slurm() *cobra.Command {
	return &cobra.Command{
		Use:   "slurm",
		Short: "Many runs on several machines, by Slurm",
		Long:  slurmText,
		Example: `  pcnrun sweep --config sweep.yaml --slurm --dry-run
  pcnrun sweep --config sweep.yaml --slurm --time 4:00:00 --mem 2G --partition cpu
  pcnrun sweep status runs/sweep
  pcnrun reproduce pcx-mnist --slurm --tasks 20 --cpus 4 --sbatch=--account=physics`,
	}
}

const slurmText = `Many runs on several machines, by Slurm.

With --slurm, pcnrun sweep and pcnrun reproduce write a script for sbatch, slurm/job.sh in
the folder of the runs, and submit it as a job array: --dry-run prints it instead. Each
task takes a shard of the runs, by default one run, on --cpus cores. What it prints is in
slurm/ beside the script. The folder, the data and pcnrun must be where all nodes see them,
by the same paths.

pcnrun sweep status DIR says how many runs have ended and how the tasks are in the queue,
until all runs have ended. Then it makes the table, of a sweep or of reproduce. It can be
interrupted and begun again, on any machine.

What ends a task:
  preempted           Slurm puts it back into the queue
  its time is up      a minute before that Slurm sends SIGUSR1; the task goes back into
                      the queue
  SIGTERM, SIGUSR1    after the batch at hand it writes a checkpoint, exits with 130, and
                      the script has it requeued
  scancel             the same, but it is not requeued
  its node fails      Slurm requeues it; the run goes on from its last checkpoint, which is
                      10 s old (--checkpoint-every)
  an error            it is not requeued, and sweep status says so at the end
The same command with --slurm submits what has not ended, and nothing where tasks of the
folder are in the queue. However often runs are ended, they have the bits of those that
were not, as long as the kernel for matrix products is the same: where nodes have unlike
processors, give all the same one by --gemm.

No file is locked. The folder of a run has a token, .claim/NAME, whose name says which
process has the folder. To take the folder is to rename the token, which works for one
alone on file systems that machines share too, such as NFS. Who has it writes to the token each 10 s.
Another takes it where the process is gone from the same machine, or where nothing was
written for a minute by the file system's own clock; a process that was only asleep then
notices before it writes to the folder again, and leaves it. Tasks wait for runs that
others are at.

When to use which:
  many runs: seeds, settings, rows of a table    --slurm; an efficiency of 1
  one long run on one machine                    its cores are used without more ado
  one long run on several                        mpirun: see 'pcnrun help scaling'
  one run that outlasts the queue's time         'pcnrun train --resume-or-start --out DIR'
                                                 in a script as slurm/job.sh is`
