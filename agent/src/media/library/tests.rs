//! What the library does with a disk that means no good.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::download::partial::{note_name, partial_name};

struct Scene {
    folder: tempfile::TempDir,
    library: Library,
}

fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let library = Library::new(folder.path().join("videos"));
    Scene { folder, library }
}

fn place() -> Place {
    Place::new("Technique", Some("Passes"), "a.mp4").unwrap()
}

#[test]
fn folders_and_files_get_the_permissions_of_the_folder_they_lie_in() {
    let Scene { folder: _folder, library } = scene();
    std::fs::create_dir(library.root()).unwrap();
    std::fs::set_permissions(library.root(), std::fs::Permissions::from_mode(0o2775)).unwrap();
    let folder = library.make_folder(&place()).unwrap();
    drop(folder.write("a.mp4").unwrap());
    let mode = |path: &str| std::fs::metadata(library.root().join(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("Technique/Passes"), 0o2775);
    assert_eq!(mode("Technique/Passes/a.mp4"), 0o664);
}

#[test]
fn a_link_in_the_way_is_never_followed() {
    let Scene { folder, library } = scene();
    let outside = folder.path().join("outside");
    std::fs::create_dir_all(outside.join("Passes")).unwrap();
    std::fs::write(outside.join("secret.mp4"), "secret").unwrap();
    std::fs::create_dir(library.root()).unwrap();
    symlink(&outside, library.root().join("Technique")).unwrap();
    for error in [library.make_folder(&place()).unwrap_err(), library.folder(&place()).unwrap_err()] {
        assert!(error.to_string().contains("not a folder, but a link"), "{error}");
    }
    std::fs::remove_file(library.root().join("Technique")).unwrap();

    let made = library.make_folder(&place()).unwrap();
    let file = library.root().join("Technique/Passes/a.mp4");
    symlink(outside.join("secret.mp4"), &file).unwrap();
    drop(made.write("part").unwrap());
    for error in [
        made.write("a.mp4").err(),
        made.read("a.mp4").err(),
        made.look("a.mp4").err(),
        made.remove("a.mp4").err(),
        made.rename("part", "a.mp4").err(),
    ] {
        assert!(error.unwrap().to_string().contains("not a plain file"));
    }
    assert_eq!(std::fs::read_to_string(outside.join("secret.mp4")).unwrap(), "secret");
    assert!(file.is_symlink(), "it is left to its owner");
    assert_eq!(library.files().unwrap(), [], "what a link shows does not lie here");
}

#[test]
fn a_pipe_or_a_folder_under_the_name_is_an_error_and_no_wait() {
    let Scene { folder: _folder, library } = scene();
    let folder = library.make_folder(&place()).unwrap();
    nix::unistd::mkfifo(&library.root().join("Technique/Passes/a.mp4"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::fs::create_dir(library.root().join("Technique/Passes/b.mp4")).unwrap();
    for name in ["a.mp4", "b.mp4"] {
        assert!(folder.read(name).is_err() && folder.look(name).is_err() && folder.remove(name).is_err(), "{name}");
    }
}

#[test]
fn only_empty_folders_go() {
    let Scene { folder: _folder, library } = scene();
    let folder = library.make_folder(&place()).unwrap();
    drop(folder.write("a.mp4").unwrap());
    drop(folder.write("b.mp4").unwrap());
    assert!(folder.remove("a.mp4").unwrap());
    assert!(!folder.remove("a.mp4").unwrap());
    library.remove_empty(&place()).unwrap();
    assert!(library.folder(&place()).unwrap().is_some());
    folder.remove("b.mp4").unwrap();
    library.remove_empty(&place()).unwrap();
    assert_eq!(std::fs::read_dir(library.root()).unwrap().count(), 0);
    library.remove_empty(&place()).unwrap();
}

#[test]
fn what_is_shown_is_listed_and_what_downloads_left_is_swept() {
    let Scene { folder: _folder, library } = scene();
    assert_eq!(library.files().unwrap(), []);
    let folder = library.make_folder(&place()).unwrap();
    let passing = [partial_name("a.mp4"), note_name("a.mp4")];
    for name in ["a.mp4", "note.txt", &passing[0], &passing[1]] {
        drop(folder.write(name).unwrap());
    }
    std::fs::write(library.root().join("top.mp4"), "x").unwrap();
    let listed: Vec<String> = library.files().unwrap().into_iter().map(|(path, _)| path).collect();
    assert_eq!(listed, ["Technique/Passes/a.mp4", "top.mp4"]);
    assert!(library.open_file("Technique/Passes/a.mp4").is_ok());
    assert_eq!(library.sweep(0).unwrap(), 0, "what is fresh is somebody's");
    assert_eq!(library.sweep(i64::MAX).unwrap(), 2);
    assert!(folder.look("a.mp4").unwrap().is_some() && folder.look("note.txt").unwrap().is_some());
}
