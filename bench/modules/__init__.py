"""The torch modules behind the nets; imported when a network is built, not when a sweep is planned."""
