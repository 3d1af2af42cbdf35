"""Runs one of our programs with so much of a processor and so much memory, and no more. Run by path, with nothing of
the product: seconds, bytes, the program's path and what it is told are its arguments.
"""

from __future__ import annotations

import resource
import runpy
import sys


def main(seconds: int, memory: int, program: str) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    _, _seconds, _memory, *sys.argv = sys.argv
    main(int(_seconds), int(_memory), sys.argv[0])
