//! Honest packages, hostile ones, halves and bombs.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::*;

/// An entry with the name's bytes as they are: the library itself would refuse most of these.
fn entry(kind: EntryType, name: &str, content: &[u8], link: &str) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o6777);
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(name: &str) -> Vec<u8> {
    entry(EntryType::Regular, name, b"content", "")
}

fn link(name: &str, target: &str) -> Vec<u8> {
    entry(EntryType::Symlink, name, b"", target)
}

fn packed(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = entries.concat();
    bytes.resize(bytes.len() + 1024, 0);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes).unwrap();
    encoder.finish().unwrap()
}

struct Tried {
    folder: tempfile::TempDir,
    result: Result<Contents, ArchiveError>,
}

fn tried(bytes: &[u8], limits: Limits) -> Tried {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("package");
    std::fs::write(&package, bytes).unwrap();
    let inside = folder.path().join("a/b/new");
    std::fs::create_dir_all(&inside).unwrap();
    let measured = measure(&package, limits);
    let result = unpack(&package, &inside, limits);
    if let (Ok(measured), Ok(unpacked)) = (&measured, &result) {
        assert_eq!(measured, unpacked);
    }
    // Whatever is in the package: nothing outside the folder changed.
    let names = |path: &Path| path.read_dir().unwrap().flatten().map(|entry| entry.file_name()).collect::<Vec<_>>();
    assert_eq!(names(folder.path()).len(), 2);
    assert_eq!(names(&folder.path().join("a")).len() + names(&folder.path().join("a/b")).len(), 2);
    Tried { folder, result }
}

#[test]
fn an_honest_package_is_unpacked() {
    let bytes = packed(&[
        entry(EntryType::Directory, "./", b"", ""),
        entry(EntryType::Directory, "./app/", b"", ""),
        file("./app/run"),
        link("app/current", "run"),
        link("app/up", "../other"),
        entry(EntryType::Link, "app/second", b"", "./app/run"),
        file("other"),
    ]);
    let Tried { folder, result } = tried(&bytes, Limits::default());
    let contents = result.unwrap();
    assert_eq!((contents.entries, contents.bytes), (6, 14));
    assert_eq!(contents.tops.into_iter().collect::<Vec<_>>(), ["app", "other"]);
    let app = folder.path().join("a/b/new/app");
    for name in ["run", "current", "up", "second"] {
        assert_eq!(std::fs::read_to_string(app.join(name)).unwrap(), "content", "{name}");
    }
    let mode = std::fs::metadata(app.join("run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o755, "nobody else may write, nothing runs as another user");
}

#[test]
fn hostile_packages_are_refused_and_leave_nothing_outside() {
    for (entries, expected) in [
        (vec![file("../evil")], "leads out"),
        (vec![file("a/../../evil")], "leads out"),
        (vec![file("/tmp/evil")], "absolute path"),
        (vec![file("a\nb")], "control characters"),
        (vec![link("l", "/etc")], "absolute path"),
        (vec![link("l", "..")], "out of the folder"),
        (vec![link("a/l", "../../x")], "out of the folder"),
        (vec![link("a/b/l", "../.."), link("m", "a/b/l/../..")], "out of the folder"),
        (vec![link("l", "a"), file("l/evil")], "behind a link"),
        (vec![link("l", "a"), link("l/m", "..")], "behind a link"),
        (vec![link("l", "a"), file("l")], "twice"),
        (vec![file("f"), file("./f")], "twice"),
        (vec![entry(EntryType::Link, "f", b"", "/etc/passwd")], "outside"),
        (vec![entry(EntryType::Link, "f", b"", "not/here")], "no file before"),
        (vec![link("l", "a"), entry(EntryType::Link, "f", b"", "l")], "no file before"),
        (vec![entry(EntryType::Char, "null", b"", "")], "neither a file"),
        (vec![entry(EntryType::Block, "sda", b"", "")], "neither a file"),
        (vec![entry(EntryType::Fifo, "pipe", b"", "")], "neither a file"),
        (vec![entry(EntryType::GNUSparse, "hole", b"", "")], "cannot be unpacked"),
        (vec![file(&"d/".repeat(40))], "too deep"),
        (vec![], "empty"),
    ] {
        let error = tried(&packed(&entries), Limits::default()).result.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn what_is_no_archive_or_half_of_one_is_refused() {
    let whole = packed(&[file("a"), file("b")]);
    for bytes in [b"".as_slice(), b"no archive", &whole[..whole.len() / 2], &whole[..whole.len() - 4]] {
        assert!(matches!(tried(bytes, Limits::default()).result, Err(ArchiveError::Unreadable(_))), "{}", bytes.len());
    }
}

#[test]
fn bombs_do_not_go_off() {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let mut header = Header::new_gnu();
    header.set_size(64 << 20);
    header.set_cksum();
    builder.append_data(&mut header, "zeros", io::repeat(0).take(64 << 20)).unwrap();
    let bomb = builder.into_inner().unwrap().finish().unwrap();
    let small = Limits { bytes_max: 10, ..Limits::default() };
    let few = Limits { entries_max: 1, ..Limits::default() };
    let two = packed(&[file("a"), file("b")]);
    for (bytes, limits, expected) in
        [(&bomb, Limits::default(), "grows to more"), (&two, small, "grows to more"), (&two, few, "more than 1 files")]
    {
        let error = tried(bytes, limits).result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
