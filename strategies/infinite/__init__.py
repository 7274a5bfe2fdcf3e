"""What strategies/infinite_ntk.py is made of: the library, the architectures, the tiles and their cache."""
