//! What lies in the library and what was last told of it: the difference, in pages that fit a message.
//!
//! Pure. A page is a stretch between two paths and true by itself ([`MediaStretch`]), so that a lost one costs nothing
//! but its news.

use std::collections::BTreeMap;

use vigie_shared::wire::reading::{MediaFile, MediaStretch};

use crate::digest::Sha256;

/// Bytes of files in one page: with room to spare in a message.
const PAGE_BYTES_MAX: usize = 12 * 1024;

/// Bytes of a file besides its path: hash and size.
const FILE_BYTES: usize = 48;

/// Every video by its path: hash and size.
pub type Held = BTreeMap<String, (Sha256, u64)>;

/// Everything, page by page.
#[must_use]
pub fn whole(held: &Held) -> Vec<MediaStretch> {
    pages(held.iter(), String::new(), None)
}

/// What must be told so that whoever knew `told` knows `held`; nothing if both are the same.
#[must_use]
pub fn news(told: &Held, held: &Held) -> Vec<MediaStretch> {
    let differs = |path: &&String| told.get(*path) != held.get(*path);
    let first = [told, held].into_iter().filter_map(|one| one.keys().find(differs)).min();
    let last = [told, held].into_iter().filter_map(|one| one.keys().rev().find(differs)).max();
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    let before = held.range::<String, _>(..first).next_back().map(|(path, _)| path.clone());
    pages(held.range::<String, _>(first..=last), before.unwrap_or_default(), Some(last))
}

fn pages<'a>(
    files: impl Iterator<Item = (&'a String, &'a (Sha256, u64))>,
    after: String,
    through: Option<&String>,
) -> Vec<MediaStretch> {
    let mut pages = vec![MediaStretch { after, through: through.cloned(), files: Vec::new() }];
    let mut bytes = 0;
    for (path, (sha256, size_bytes)) in files {
        bytes += path.len() + FILE_BYTES;
        if let Some(full) = pages.last_mut().filter(|page| bytes > PAGE_BYTES_MAX && !page.files.is_empty()) {
            let end = full.files.last().map(|file| file.path.clone());
            full.through.clone_from(&end);
            pages.push(MediaStretch { after: end.unwrap_or_default(), through: through.cloned(), files: Vec::new() });
            bytes = path.len() + FILE_BYTES;
        }
        let file = MediaFile { path: path.clone(), sha256: *sha256, size_bytes: *size_bytes };
        pages.last_mut().into_iter().for_each(|page| page.files.push(file.clone()));
    }
    pages
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn apply(known: &mut Held, stretch: &MediaStretch) {
        known.retain(|path, _| !stretch.covers(path));
        known.extend(stretch.files.iter().map(|file| (file.path.clone(), (file.sha256, file.size_bytes))));
    }

    fn held(max: usize) -> impl Strategy<Value = Held> {
        prop::collection::btree_map(
            "[a-c]{1,3}/[a-z]{1,200}\\.mp4",
            (any::<u8>().prop_map(|byte| [byte; 32]), 0u64..9),
            0..max,
        )
    }

    #[test]
    fn nothing_new_is_not_told() {
        let held = Held::from([("a/a.mp4".to_owned(), ([1; 32], 1))]);
        assert_eq!(news(&held, &held), []);
        assert_eq!(whole(&Held::new()), [MediaStretch::default()], "that nothing is there must be told");
    }

    proptest! {
        #[test]
        fn whoever_knew_what_was_told_knows_what_is_held(told in held(300), held in held(300)) {
            let mut known = told.clone();
            news(&told, &held).iter().for_each(|stretch| apply(&mut known, stretch));
            prop_assert_eq!(&known, &held);
        }

        #[test]
        fn the_whole_mends_everything_and_every_page_fits_a_message(known in held(100), held in held(300)) {
            let mut known = known;
            for stretch in whole(&held) {
                let bytes: usize = stretch.files.iter().map(|file| file.path.len() + FILE_BYTES).sum();
                prop_assert!(bytes <= PAGE_BYTES_MAX);
                apply(&mut known, &stretch);
            }
            prop_assert_eq!(known, held);
        }
    }
}
