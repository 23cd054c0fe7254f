"""`python -m labelqa` is the command `labelqa`."""

from labelqa.cli import main

main()
