"""The exact empirical neural tangent kernel of a torch network, layer by layer, without its Jacobian."""
