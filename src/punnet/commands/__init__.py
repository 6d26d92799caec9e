"""What each command of the program does; `punnet.cli` says how they are called."""
