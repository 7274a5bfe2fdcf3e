"""Starting workers through submitit: in this process, in a bounded pool on this machine, or as an array of Slurm."""
