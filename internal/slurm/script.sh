#!/bin/bash
# {{.Title}}
# Written by pcnrun. Each task of the array takes a shard of the runs.
#SBATCH --job-name={{quote .Name}}
#SBATCH --array={{ranges .Tasks}}
#SBATCH --chdir={{quote .Dir}}
#SBATCH --output={{quote .Logs}}/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={{.CPUs}}
{{- with .Time}}
#SBATCH --time={{quote .}}{{end}}
{{- with .Memory}}
#SBATCH --mem={{quote .}}{{end}}
{{- with .Partition}}
#SBATCH --partition={{quote .}}{{end}}
{{- range .Options}}
#SBATCH {{.}}{{end}}
# Slurm puts a task back into the queue when it is preempted or its node fails,
#SBATCH --requeue
# and tells it that its time will be up in a minute.
#SBATCH --signal=USR1@60

export GOMAXPROCS={{.CPUs}}
task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
trap : TERM USR1 # srun hands the signal on: this script waits for what comes of it

srun --ntasks=1 --cpus-per-task={{.CPUs}} \
  {{range .Command}}{{quote .}} {{end}}--shard "$SLURM_ARRAY_TASK_ID/{{.Shards}}"
code=$?

# {{.Interrupted}} says that the runs were told to end, and have saved where they are. They go on from there
# in the queue, unless Slurm is ending the task, as after scancel.
if [ $code -eq {{.Interrupted}} ] && [ "$(squeue --noheader --jobs="$task" --format=%T)" = RUNNING ]; then
  scontrol requeue "$task"
fi
exit $code
