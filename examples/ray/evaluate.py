#!/usr/bin/env python3
"""Run an evaluation on a Ray cluster, one shard a task, and merge the shards.

    python examples/ray/evaluate.py --shards 8 --cpus 16 --out /shared/results/m -- \
        --model /shared/m.gguf --task mmlu --shots 5

What follows "--" goes to `llamaeval run`. The program is on every node's PATH,
or where LLAMAEVAL says; --out, model and data are on a file system that all
nodes share. A task whose node is lost is started again by Ray and goes on
where it stopped.
"""

import argparse
import os
import subprocess
import sys

import ray


def program():
    return os.environ.get("LLAMAEVAL", "llamaeval")


def run(command):
    """Run a command; its last words are the error, if it fails."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit code {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


@ray.remote(max_retries=5)
def shard(index, count, out, threads, arguments):
    """Compute one shard; index counts from 1."""
    folder = f"{out}.shards/{index}"
    run([program(), "run", *arguments, "--shard", f"{index}/{count}", "--out", folder, "--threads", str(threads)])
    return folder


@ray.remote(num_cpus=1, max_retries=5)
def merge(folders, out):
    return run([program(), "merge", *folders, "-o", out])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--cpus", type=int, default=1, help="cores of a shard")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of a shard")
    parser.add_argument("--out", required=True, help="results folder of the whole run")
    parser.add_argument("arguments", nargs="+", help="of `llamaeval run`, behind --")
    options = parser.parse_args()

    ray.init()
    out = os.path.abspath(options.out)
    task = shard.options(num_cpus=options.cpus, num_gpus=options.gpus)
    waiting = [task.remote(i + 1, options.shards, out, options.cpus, options.arguments) for i in range(options.shards)]
    folders = []
    while waiting:
        ready, waiting = ray.wait(waiting)
        folders += ray.get(ready)
        print(f"{len(folders)} of {options.shards} shards are done", file=sys.stderr)
    print(ray.get(merge.remote(folders, out)), end="")


if __name__ == "__main__":
    main()
