"""The learners that come with the harness, one file each."""
