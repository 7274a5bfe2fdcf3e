"""The networks that come with the harness, one file each."""
