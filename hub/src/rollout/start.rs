//! Who is first, and how commands of a rollout are called.

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest};
use vigie_shared::id::{CommandId, RolloutId, SiteId};

use super::Share;

/// A box that may be one of the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub site: SiteId,
    /// Whether it can prove something soon: connected, not pinned, not running the version already.
    pub is_fit: bool,
}

/// Chooses the canary group: those that can prove something, drawn by the rollout's name, so that it is not always the
/// same boxes that try new things.
#[must_use]
pub fn canaries(id: RolloutId, candidates: &[Candidate], share: Share) -> BTreeSet<SiteId> {
    let mut drawn: Vec<(bool, CommandId, &SiteId)> = candidates
        .iter()
        .map(|candidate| (!candidate.is_fit, command_id(id, &candidate.site, 0), &candidate.site))
        .collect();
    drawn.sort();
    drawn.into_iter().take(share.of(candidates.len())).map(|(_, _, site)| site.clone()).collect()
}

/// The name of the command of an attempt; attempts count from 1.
#[must_use]
pub fn command_id(id: RolloutId, site: &SiteId, attempt: u32) -> CommandId {
    let hash = digest(&SHA256, format!("vigie rollout 1\n{id}\n{site}\n{attempt}\n").as_bytes());
    let mut name = [0; 16];
    name.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
    CommandId(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_can_prove_something_and_change_from_rollout_to_rollout() {
        let candidates: Vec<Candidate> = (0..30)
            .map(|number| Candidate { site: format!("s{number:02}").parse().unwrap(), is_fit: number % 2 == 0 })
            .collect();
        let draw = |id| canaries(RolloutId([id; 16]), &candidates, Share::Percent(10));
        assert_eq!(draw(1).len(), 3);
        assert_eq!(draw(1), draw(1));
        assert!((2..9).any(|id| draw(id) != draw(1)));
        for site in (0..20).flat_map(draw) {
            let number: u32 = site.as_str()[1..].parse().unwrap();
            assert_eq!(number % 2, 0, "{site} cannot prove anything");
        }
        assert_eq!(canaries(RolloutId([1; 16]), &candidates, Share::Boxes(99)).len(), 30);
    }
}
