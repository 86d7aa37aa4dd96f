//! The HTTP adapter against servers on loopback.
