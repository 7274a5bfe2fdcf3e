"""Statistics as pure functions of arrays: no folders, no tables, no words for readers."""
