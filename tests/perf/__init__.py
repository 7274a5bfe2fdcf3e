"""The benchmark: `make bench`. Each module bench_*.py here holds cases; nothing in it is a timed test."""
