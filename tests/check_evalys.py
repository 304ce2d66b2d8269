"""Holds the figures that evalys finds in an exported run against those of its summary.json, and plots it."""

import json
import math
import sys

import matplotlib

matplotlib.use("Agg")

from evalys.jobset import JobSet  # noqa: E402

run = sys.argv[1]
with open(f"{run}/summary.json") as file:
    summary = json.load(file)
gpus = sum(pool["gpus"] for pool in summary["pools"].values())
jobs = JobSet.from_csv(f"{run}/export/batsim_jobs.csv", resource_bounds=(0, gpus - 1))

utilization = jobs.utilisation.area.sum() / summary["capacity_gpu_s"]
# Rows of later runs of stopped jobs are named ID#2 and so on.
waits = jobs.df[~jobs.df.jobID.str.contains("#")].waiting_time

for what, theirs, ours in [
    ("resources", jobs.MaxProcs, gpus),
    ("utilization", utilization, summary["utilization"]["allocated"]),
    ("mean waiting time", waits.mean(), summary["wait_s"]["mean"]),
    ("longest waiting time", waits.max(), summary["wait_s"]["max"]),
]:
    # evalys rounds times to the microsecond in binary floating point.
    if not math.isclose(theirs, ours, rel_tol=1e-9, abs_tol=1e-6):
        sys.exit(f"{what}: evalys finds {theirs}, the summary has {ours}")

jobs.plot()
matplotlib.pyplot.savefig(f"{run}/export/evalys.png")
