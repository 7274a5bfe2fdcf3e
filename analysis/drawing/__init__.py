"""The kinds of figures, a file each: the table behind one and the drawing of it; analysis.drawing.kinds lists them."""
