//! Rounds against a third party in memory.
