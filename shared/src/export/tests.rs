//! Laws of the file: what is written reads back, however its bytes come, and every change is noticed.

use proptest::prelude::*;

use super::*;

const PRIVATE: [u8; 32] = [9; 32];

fn hub_key() -> [u8; 32] {
    x25519_dalek::x25519(PRIVATE, x25519_dalek::X25519_BASEPOINT_BYTES)
}

/// A file of batches that are any bytes.
fn file(batches: &[Vec<u8>]) -> Vec<u8> {
    let sign = |text: &[u8]| Ok(text.iter().copied().rev().take(8).collect());
    let author = Author { site: "metz".parse().unwrap(), hub_key: hub_key(), certificate: vec![1, 2], sign: &sign };
    let (mut file, mut writer) = Writer::begin(author, 7, "0.1.0").unwrap();
    for batch in batches {
        file.extend(writer.sheet(&Sheet::Records { lane: Lane::Ledger, batch: Bytes::new(batch) }).unwrap());
    }
    file.extend(writer.sheet(&Sheet::End { records: batches.len() as u64 }).unwrap());
    file
}

/// The batches of a file whose bytes come in parts, and whether its end came.
fn read<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Result<(Vec<Vec<u8>>, bool), ExportError> {
    let (mut splitter, mut channel) = (Splitter::default(), None);
    let (mut batches, mut is_ended) = (Vec::new(), false);
    for part in parts {
        splitter.push(part);
        while let Some(mut piece) = splitter.next_piece()? {
            let Some(channel) = &mut channel else {
                let cover = SignedCover::decode(&piece)?.cover()?;
                channel = Some(cover.join(&x25519_dalek::x25519(PRIVATE, cover.encapsulated)));
                continue;
            };
            match Sheet::open(channel, &mut piece)? {
                Sheet::Records { batch, .. } => batches.push(batch.to_vec()),
                Sheet::End { records } => is_ended = records == batches.len() as u64,
                Sheet::Lanes(_) => {}
            }
        }
    }
    Ok((batches, is_ended))
}

proptest! {
    #[test]
    fn what_is_written_reads_back_in_whatever_parts_it_comes(batches: Vec<Vec<u8>>, part in 1..500usize) {
        let file = file(&batches);
        prop_assert_eq!(read(file.chunks(part)), Ok((batches, true)));
    }

    #[test]
    fn a_file_cut_off_is_whole_up_to_there(batches: Vec<Vec<u8>>, cut: prop::sample::Index) {
        let file = file(&batches);
        let kept = &file[..cut.index(file.len())];
        let (read, is_ended) = read([kept].into_iter()).unwrap();
        prop_assert!(!is_ended && batches.starts_with(&read));
    }

    #[test]
    fn a_flipped_bit_behind_the_cover_never_makes_another_record(
        batches in prop::collection::vec(any::<Vec<u8>>(), 1..4), at: prop::sample::Index, bit in 0..8u8,
    ) {
        let (mut changed, bare) = (file(&batches), file(&[]).len());
        let end = changed.len();
        let at = bare + at.index(end - bare);
        changed[at] ^= 1 << bit;
        // A length may now point beyond the end: then the file is as if cut off.
        prop_assert!(!matches!(read([&changed[..]].into_iter()), Ok((_, true))));
    }

    #[test]
    fn garbage_never_panics(bytes: Vec<u8>) {
        drop(read([&bytes[..]].into_iter()));
        drop(read([MAGIC, &bytes].into_iter()));
    }
}

#[test]
fn other_files_are_told_apart() {
    let begin = |bytes: &[u8]| read([bytes].into_iter()).unwrap_err();
    assert_eq!(begin(b"PK\x03\x04 an archive of something"), ExportError::NotAnExport);
    assert_eq!(begin(b"vigie-export 3\nwhatever"), ExportError::OtherVersion);
    assert_eq!(begin(&[&[40, 0, 0, 0, 1, 0, 5][..], b"0.1.0 and lanes"].concat()), ExportError::NotSealed);
    assert_eq!(begin(&[MAGIC, &[0xff; 8]].concat()), ExportError::Damaged);
}
