"""The datasets that come with the harness, one file each."""
