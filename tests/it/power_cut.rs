//! A power cut, for real: the queue on an image of a file system, copied while the writer is stopped.
//!
//! What the kernel was not asked to bring to the disk is missing from the copy, as after a power cut. Needs root
//! to mount images.

use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use vigie_tests::queue_writer::{Writer, check_left_behind};
use vigie_tests::{effort, not_run};

const WRITER: &str = env!("CARGO_BIN_EXE_queue_writer");
const IMAGE_BYTES: u64 = 96 << 20;

/// How often to cut.
fn cuts() -> usize {
    effort(3, 20)
}

/// A mounted image; unmounted when dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn new(image: &Path, at: PathBuf) -> Self {
        std::fs::create_dir_all(&at).unwrap();
        run(Command::new("mount").args(["-o", "loop"]).arg(image).arg(&at));
        Self(at)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_safe_record_survives_a_power_cut() {
    if !nix::unistd::geteuid().is_root() {
        return not_run("needs root to mount images of file systems");
    }
    let mut safe = 0;
    for cut in 0..cuts() {
        let place = tempfile::tempdir().unwrap();
        let (image, copy) = (place.path().join("disk"), place.path().join("copy"));
        std::fs::File::create(&image).unwrap().set_len(IMAGE_BYTES).unwrap();
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image));
        let disk = Mounted::new(&image, place.path().join("mounted"));
        let mut writer = Writer::start(WRITER, &disk.0.join("queue"));
        writer.listen(1 + cut * 71 % 397);

        writer.signal(Signal::SIGSTOP);
        run(Command::new("cp").arg("--sparse=always").arg(&image).arg(&copy));

        let after = Mounted::new(&copy, place.path().join("after"));
        check_left_behind(&after.0.join("queue"), writer.safe, writer.safe);
        safe += writer.safe;
        writer.kill();
    }
    println!("{safe} safe records, none missing after {} power cuts", cuts());
}
