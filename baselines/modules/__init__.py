"""Torch modules that strategies train; unlike the files beside this folder they may import torch."""
