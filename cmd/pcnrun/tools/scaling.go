package tools

import "github.com/spf13/cobra"

// Scaling is a page of help on ranks.
func Scaling() *cobra.Command {
	return &cobra.Command{
		Use:   "scaling",
		Short: "One run on several machines, by MPI",
		Long:  scalingText,
		Example: `  mpirun -n 4 pcnrun train mnist --batch 512
  mpirun -n 64 --map-by node:PE=16 pcnrun train mnist --batch 4096
  mpirun -n 3 pcnrun train --resume runs/mnist`,
	}
}

const scalingText = `One run on several machines, by MPI.

pcnrun notices that mpirun has started it, of Open MPI (4 and 5) or MPICH, and opens the
MPI library then; --mpi PATH names another, and --mpi off has each process train by
itself. Each rank reads the data; rank 0 alone has the run's folder, writes and speaks.
The ranks agree beforehand on data, recipe, program and kernel, by hashes.

What is shared. A batch is cut in groups of 32 examples, each rank settles its own, and
the groups' updates are summed by halves: 1+2, 3+4, these two, and so on. So the weights
have the same bits on any number of ranks and cores, and without MPI, and a checkpoint
goes on with any number of ranks. More ranks than groups, B/32, are of no use. On all
ranks alike are done: the optimizer, what is frozen of the weights, a pass that predicts,
and batches of a learner of your own. Latents that settle to predict are shared too.

What crosses the wire, in and out of each of N ranks, for P bytes of parameters (each
update that a rule takes: once a batch, for ipc at each step, for mcpc at each sample):
  sums of groups     2 P (N-1)/N      each rank adds up one segment of the parameters
  the whole update   2 P (N-1)/N      which it then sends to all
  how it settled     16 B (n + (7 + 4 n)/16) (N-1)/N   of n nodes, at most
  warm starts        8 B u (N-1)/N    in float32, of free nodes of u units
For two ranks that is 2 P; 'pcnrun bench --ranks N' counts it. Where N is no power of 2
a rank has up to twice the first, for its groups make several halves. These are 3
exchanges, and one of a byte, by which all ranks end after the same batch.

How long a batch takes, on N ranks of which one takes s for an example:
  t(N) = c + s 32 ceil(B/32/N) + 2 P (N-1)/N / W + a (3 log2 N + 2 (N-1))
with c what all ranks do alike, W bytes a second each way and a the time of a message.
Fitted on one core of an AVX-512 machine, in float32: s = 0.253 ms and c = 1.6 ms for
784-512-512-10 and 20 steps of gradient descent, of B = 32 to 512 within 3 %. Between two
ranks on a machine an exchange of 16 bytes takes 9 µs by memory and 12 µs by TCP, and the
two of 2.7 MB 0.8 ms and 1.6 ms. The efficiency t(1) / N t(N) of that network on nodes of
2 such cores is then, with a = 30 µs at 10 Gbit/s and 3 µs at 100 Gbit/s, which are not
measured here:

  nodes                  2     4     8    16    32    64
  B  512,  10 Gbit/s  0.91  0.78  0.59  0.38  0.17  0.07
  B  512, 100 Gbit/s  0.97  0.91  0.82  0.67  0.33  0.16
  B 4096,  10 Gbit/s  0.99  0.96  0.92  0.83  0.67  0.45
  B 4096, 100 Gbit/s  1.00  0.99  0.97  0.94  0.88  0.77

When to use which. Many runs, such as seeds, settings or the rows of a table, need no MPI:
'pcnrun sweep' gives each its cores, at an efficiency of 1, and with --slurm those of a
cluster ('pcnrun help slurm'). One run that takes too long
gains by ranks where settling is long against the parameters: many steps or convolutions,
large batches. One pass of gauss-seidel over a small batch does not. Cores of one machine
are used without MPI.

When a rank dies, the others end within 10 s, with an error that names it, and the run's
folder is whole: --resume goes on. For that each rank holds a TCP connection with rank 0.
MPICH's mpirun kills the other ranks itself, often before they can say who has died, and
names the signal alone; with its option -disable-auto-cleanup they say it. A signal to any
rank ends all of them after the batch at hand, with a checkpoint. Ranks of one machine
divide the cores that they may use among them; GOMAXPROCS says otherwise.`
