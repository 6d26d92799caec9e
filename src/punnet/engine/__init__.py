"""The state machine: records in, answers out, nothing else."""
