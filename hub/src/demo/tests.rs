//! The demo's folder is its own.

use std::fs;

use super::*;

#[test]
fn a_folder_with_anything_else_in_it_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("vigie.db"), "real").unwrap();
    let error = clear(folder.path()).unwrap_err().to_string();
    assert!(error.contains("nothing of it was touched"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("vigie.db")).unwrap(), "real");
    assert!(!is_demo(folder.path()));
}

#[test]
fn a_demo_is_emptied_and_marked_at_each_start() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("demo-here");
    clear(&folder).unwrap();
    fs::write(folder.join("vigie.db"), "of yesterday").unwrap();
    clear(&folder).unwrap();
    assert!(is_demo(&folder) && !folder.join("vigie.db").exists());
}

#[test]
fn what_is_configured_for_real_data_has_no_say() {
    assert_eq!(folder(None), PathBuf::from(FOLDER));
    assert_eq!(folder(Some(Path::new("/srv/show"))), PathBuf::from("/srv/show"));
}
