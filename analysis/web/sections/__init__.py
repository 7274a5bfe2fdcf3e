"""The sections of the report, a file each: a function from the findings to markup."""
