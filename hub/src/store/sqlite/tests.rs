//! What only this adapter promises.

use std::sync::mpsc;

use futures_util::future::join_all;

use super::*;
use crate::store::Facts as _;
use crate::store::facts::Commit;

fn open(folder: &Path) -> anyhow::Result<Sqlite> {
    Sqlite::open(&folder.join("vigie.db"), Vault::open(&folder.join("store.key"))?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_waits_for_one_other_write_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let (started, has_started) = mpsc::sync_channel(1);
    let (gate, opened) = mpsc::sync_channel(1);
    let slow = store.write(move |_| {
        started.send(()).unwrap();
        opened.recv().map_err(failed)
    });
    let note = |what: &'static str| {
        let order = Arc::clone(&order);
        move |_: &mut Writing<'_>| {
            order.lock().unwrap().push(what);
            Ok(())
        }
    };
    let ordinary = join_all((0..10).map(|_| store.write(note("ordinary"))));
    let urgent = async {
        tokio::task::spawn_blocking(move || has_started.recv().unwrap()).await.unwrap();
        // Everybody waits by now; the urgent one came last.
        let commit = store.write_first(note("commit"));
        let open = async { gate.send(()).unwrap() };
        tokio::join!(commit, open).0.unwrap();
    };

    let (slow, ordinary, ()) = tokio::join!(slow, ordinary, urgent);

    slow.unwrap();
    ordinary.into_iter().for_each(|result| result.unwrap());
    assert_eq!(order.lock().unwrap().iter().position(|what| *what == "commit"), Some(0));
}

#[tokio::test]
async fn a_write_that_panics_is_undone_and_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let broken: Result<(), _> = store
        .write(|writing| {
            writing.sql.execute("INSERT INTO site (id) VALUES ('x')", [])?;
            panic!("planned");
        })
        .await;
    assert!(broken.is_err());
    let broken: Result<(), _> = store.read(|_| panic!("planned")).await;
    assert!(broken.is_err());

    store.commit(Arc::new(Commit::default())).await.unwrap();
    for _ in 0..READERS + 1 {
        let sites: i64 =
            store.read(|sql| Ok(sql.query_row("SELECT count(*) FROM site", [], |row| row.get(0))?)).await.unwrap();
        assert_eq!(sites, 0);
    }
}

#[tokio::test]
async fn the_wrong_key_is_noticed_at_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    std::fs::remove_file(folder.path().join("store.key")).unwrap();

    let error = open(folder.path()).err().unwrap().to_string();

    assert!(error.contains("key file"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("vigie.db"), "hello, I am a text file of some length".repeat(99)).unwrap();

    let error = format!("{:#}", open(folder.path()).err().unwrap());

    assert!(error.contains("vigie.db"), "{error}");
}
