"""`python -m backoffice` is the `backoffice` command."""

from backoffice.cli import main

main(prog_name="backoffice")
