//! Rollouts over the API.
