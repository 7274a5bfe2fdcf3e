"""The configuration of a Slurm of one node, without systemd and cgroups, and with a munge of its own.

The daemons speak through 127.0.0.1, but listen on every address: one of Slurm's ways to listen on a single one takes
the address from the name of the host, which is another in a container, or none. So it is munge that keeps others out.

Two partitions, of which `high` preempts `low`; two fake GPUs (links to /dev/null), which Slurm assigns like real ones.
The keys are those of slurm.conf(5), gres.conf(5), cgroup.conf(5) and slurmdbd.conf(5).
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

CPUS = 8  # more than there may be: Slurm counts what it is told, and tests of scheduling wait more than they compute
MEMORY = 64_000  # MiB, counted and not enforced

SLURM = """
ClusterName=bed
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
# without cred_expire a requeued job waits two minutes for its old credential to expire
AuthInfo=socket={root}/munge.sock,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# or a job that asks for no memory gets all of it
DefMemPerCPU=100
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
JobRequeue=1
KillWait=5
OverTimeLimit=0
MinJobAge=86400
SchedulerParameters=sched_interval=1,bf_interval=1,sched_min_interval=0,batch_sched_delay=0,requeue_delay=1
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.pid
{accounting}
NodeName=localhost NodeHostName=localhost NodeAddr=127.0.0.1 CPUs={cpus} Boards=1 SocketsPerBoard=1 \
CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory={memory} Gres=gpu:fake:2 State=UNKNOWN
PartitionName=low Nodes=localhost Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=10
PartitionName=high Nodes=localhost MaxTime=INFINITE State=UP PriorityTier=100 PreemptMode=OFF
"""

NO_ACCOUNTING = "AccountingStorageType=accounting_storage/none"

ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={storage}
AccountingStoragePass={root}/munge.sock"""

GPUS = """
NodeName=localhost Name=gpu Type=fake File={root}/dev/gpu[0-1] AutoDetect=off
"""

# read even where no plugin uses it; left to find out for itself, Slurm needs a cgroup that it can write
CGROUP = """
CgroupPlugin=cgroup/v1
CgroupAutomount=no
ConstrainCores=no
ConstrainDevices=no
ConstrainRAMSpace=no
"""

STORAGE = """
AuthInfo=socket={root}/munge.sock
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={storage}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageUser=root
StorageLoc=slurm
PidFile={root}/slurmdbd.pid
"""


@dataclass(frozen=True)
class Ports:
    """Where the daemons listen on the loopback."""

    controller: int
    node: int
    storage: int


def configure(root: Path, ports: Ports, accounting: bool) -> None:
    """Write every file that the daemons read below the folder `root`."""
    for folder in ("state", "spool", "dev"):
        (root / folder).mkdir(parents=True)
    for gpu in range(2):
        (root / f"dev/gpu{gpu}").symlink_to("/dev/null")
    values = {**asdict(ports), "root": root, "cpus": CPUS, "memory": MEMORY}
    kept = (ACCOUNTING if accounting else NO_ACCOUNTING).format(**values)
    (root / "slurm.conf").write_text(SLURM.format(**values, accounting=kept))
    (root / "gres.conf").write_text(GPUS.format(**values))
    (root / "cgroup.conf").write_text(CGROUP)
    (root / "slurmdbd.conf").write_text(STORAGE.format(**values))
    (root / "slurmdbd.conf").chmod(0o600)  # slurmdbd refuses any other mode
    (root / "munge.key").touch(0o600)
    (root / "munge.key").write_bytes(secrets.token_bytes(128))
