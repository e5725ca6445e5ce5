"""`python -m trmbench.cli`: the same as the `trmbench` script."""

from trmbench.cli.main import main

main()
