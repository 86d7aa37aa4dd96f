//! Pure: whether a content begins as the end of its name says it does.
//!
//! Only what is surely something else is a lie: there are more kinds of video than are known here.

/// Bytes of a beginning that say what it is.
pub(super) const BEGINNING_BYTES: usize = 16;

/// How one kind of content begins.
struct Sign {
    /// What people call it.
    what: &'static str,
    /// How many bytes stand before the sign.
    after: usize,
    sign: &'static [u8],
    /// The ends of names that are right for it.
    ends: &'static [&'static str],
}

const fn sign(what: &'static str, (after, sign): (usize, &'static [u8]), ends: &'static [&'static str]) -> Sign {
    Sign { what, after, sign, ends }
}

const SIGNS: &[Sign] = &[
    sign("an MP4 video", (4, b"ftyp"), &["mp4", "m4v", "mov", "m4a", "3gp", "heic", "avif"]),
    sign("a Matroska video", (0, b"\x1a\x45\xdf\xa3"), &["mkv", "webm"]),
    sign("a RIFF file", (0, b"RIFF"), &["avi", "webp", "wav"]),
    sign("an MPEG video", (0, b"\x00\x00\x01\xba"), &["mpg", "mpeg", "vob"]),
    sign("an Ogg file", (0, b"OggS"), &["ogv", "ogg", "oga"]),
    sign("a Windows Media file", (0, b"\x30\x26\xb2\x75"), &["wmv", "wma", "asf"]),
    sign("a Flash video", (0, b"FLV"), &["flv"]),
    sign("a JPEG picture", (0, b"\xff\xd8\xff"), &["jpg", "jpeg"]),
    sign("a PNG picture", (0, b"\x89PNG"), &["png"]),
    sign("a GIF picture", (0, b"GIF8"), &["gif"]),
    sign("a PDF", (0, b"%PDF"), &["pdf"]),
    sign("a ZIP archive", (0, b"PK\x03\x04"), &["zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "apk"]),
    sign("a gzip archive", (0, b"\x1f\x8b"), &["gz", "tgz"]),
    sign("a Windows program", (0, b"MZ"), &["exe", "dll"]),
    sign("a Linux program", (0, b"\x7fELF"), &["so", "bin"]),
    sign("a script", (0, b"#!"), &["sh", "py"]),
    sign("a web page", (0, b"<!DOCTYPE"), &["html", "htm"]),
    sign("a web page", (0, b"<!doctype"), &["html", "htm"]),
    sign("a web page", (0, b"<html"), &["html", "htm"]),
];

/// What a content is, if its name says something else; none if they fit, or nobody can tell.
pub(super) fn lie(name: &str, beginning: &[u8]) -> Option<&'static str> {
    let (_, end) = name.rsplit_once('.')?;
    let is_end = |ends: &[&str]| ends.iter().any(|known| known.eq_ignore_ascii_case(end));
    let is_known = SIGNS.iter().any(|sign| is_end(sign.ends)) || end.eq_ignore_ascii_case("ts");
    let found = SIGNS.iter().find(|one| beginning.get(one.after..).is_some_and(|rest| rest.starts_with(one.sign)))?;
    (is_known && !is_end(found.ends)).then_some(found.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_called_a_video_is_found() {
        for (name, beginning, what) in [
            ("promo.mp4", &b"MZ\x90\0\x03"[..], Some("a Windows program")),
            ("promo.MP4", b"<!DOCTYPE html>", Some("a web page")),
            ("promo.jpg", b"\x89PNG\r\n\x1a\n", Some("a PNG picture")),
            ("promo.mkv", b"\0\0\0\x20ftypisom", Some("an MP4 video")),
            ("promo.ts", b"PK\x03\x04", Some("a ZIP archive")),
        ] {
            assert_eq!(lie(name, beginning), what, "{name}");
        }
    }

    #[test]
    fn what_fits_or_nobody_knows_is_no_lie() {
        for (name, beginning) in [
            ("promo.mp4", &b"\0\0\0\x20ftypisom"[..]),
            ("promo.mov", b"\0\0\0\x14ftypqt  "),
            ("promo.mp4", b"hello world"),
            ("promo.mp4", b""),
            ("promo", b"MZ"),
            ("promo.v2", b"MZ"),
        ] {
            assert_eq!(lie(name, beginning), None, "{name}");
        }
    }

    #[test]
    fn every_sign_stands_within_the_beginning() {
        assert!(SIGNS.iter().all(|one| one.after + one.sign.len() <= BEGINNING_BYTES));
    }
}
