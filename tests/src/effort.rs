//! How much a test does: little in every run, much in `tests/run --long`.

/// Returns `long` in a long run, `short` otherwise: rounds, kills, records.
#[must_use]
pub fn effort(short: usize, long: usize) -> usize {
    if std::env::var_os("VIGIE_LONG").is_some() { long } else { short }
}
