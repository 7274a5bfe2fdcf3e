"""Hyper-parameters chosen on the Random arm alone, so that no strategy is favoured by who tuned; the command is
bench.tune."""
