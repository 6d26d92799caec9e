"""The program, as `python -m punnet`."""

from punnet.cli import main

if __name__ == "__main__":
    main(prog_name="punnet")
