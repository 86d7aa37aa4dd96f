//! What the collector tells of a disk that changes.

use super::*;
use crate::app::AppConfig;
use crate::testing::{Kept, context};

fn scene() -> (tempfile::TempDir, Context) {
    let folder = tempfile::tempdir().unwrap();
    let app = AppConfig { root: folder.path().to_owned(), ..AppConfig::default() };
    let context = Context { app, data: folder.path().to_owned(), ..context() };
    (folder, context)
}

fn stretches(readings: &[Reading]) -> Vec<MediaStretch> {
    let stretch = |reading: &Reading| match reading {
        Reading::Media(stretch) => stretch.clone(),
        other => panic!("{other:?}"),
    };
    readings.iter().map(stretch).collect()
}

#[tokio::test]
async fn what_lies_there_is_told_whole_and_then_only_what_changed() {
    let (folder, context) = scene();
    let videos = folder.path().join("videos/T");
    std::fs::create_dir_all(&videos).unwrap();
    for name in ["a.mp4", "b.mp4", "c.mp4", "notes.txt"] {
        std::fs::write(videos.join(name), name).unwrap();
    }
    let config = Config { poll: Duration::from_secs(1), ..Config::default() };
    let mut collector = new(&config, &context);
    let (kept, stop) = (Kept::default(), CancellationToken::new());

    tokio::join!(
        async {
            kept.until(|kept| kept.readings().len() == 1).await;
            std::fs::write(videos.join("b.mp4"), "changed").unwrap();
            kept.until(|kept| kept.readings().len() == 2).await;
            stop.cancel();
        },
        async { collector.run(&kept, stop.clone()).await.unwrap() }
    );

    let told = stretches(&kept.readings());
    let paths: Vec<&str> = told[0].files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["T/a.mp4", "T/b.mp4", "T/c.mp4"]);
    assert_eq!((told[0].after.as_str(), &told[0].through), ("", &None));
    assert_eq!((told[1].after.as_str(), told[1].through.as_deref()), ("T/a.mp4", Some("T/b.mp4")));
    assert_eq!((told[1].files.len(), told[1].files[0].size_bytes), (1, 7));
    assert_ne!(told[0].files[1].sha256, told[1].files[0].sha256);
}

#[tokio::test]
async fn a_restart_reads_no_video_again() {
    let (folder, context) = scene();
    let videos = folder.path().join("videos");
    std::fs::create_dir_all(&videos).unwrap();
    std::fs::write(videos.join("a.mp4"), "video").unwrap();
    let first = new(&Config::default(), &context).once().await.unwrap();

    // A hash that only the kept file can have.
    let kept = std::fs::read_to_string(folder.path().join("media.json")).unwrap();
    let real = crate::digest::text(&stretches(&first)[0].files[0].sha256);
    std::fs::write(folder.path().join("media.json"), kept.replace(&real, &"ab".repeat(32))).unwrap();

    let again = stretches(&new(&Config::default(), &context).once().await.unwrap());
    assert_eq!(again[0].files[0].sha256, [0xab; 32]);
}

#[tokio::test]
async fn a_box_without_the_application_tells_nothing() {
    let (_folder, context) = scene();
    let (kept, stop) = (Kept::default(), CancellationToken::new());
    let mut collector = new(&Config::default(), &context);
    tokio::join!(
        async {
            kept.until(|kept| !kept.looks().is_empty()).await;
            stop.cancel();
        },
        async { collector.run(&kept, stop.clone()).await.unwrap() }
    );
    assert!(kept.readings().is_empty() && kept.looks()[0].is_ok());
}
