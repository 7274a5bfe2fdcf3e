"""The wandb mirror: finished cells are shown as runs of Weights & Biases. Our own files stay the truth.

A cell is told from the plan (places), read into a replay, sent (mirror) and noted (memory). Nothing here runs in the
process of a driver or worker but `follower`, which starts the one that does the work.
"""
