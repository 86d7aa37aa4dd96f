//! Writes the man pages and the shells' completions of both programs, from the definition of their command lines.
//!
//! `cargo run -p vigie-tests --bin manual -- FOLDER` makes `FOLDER/<program>/man1/*.1` and, below
//! `FOLDER/<program>/completions/`, one file per shell. It stands here so that neither program carries what only packages
//! need.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

fn main() -> anyhow::Result<()> {
    let folder = std::env::args_os().nth(1).context("say which folder")?;
    for command in [vigie_agent::cli::Cli::command(), vigie_hub::cli::Cli::command()] {
        write(command, Path::new(&folder))?;
    }
    Ok(())
}

fn write(mut command: Command, folder: &Path) -> anyhow::Result<()> {
    let program = command.get_name().to_owned();
    let (pages, completions) = (folder.join(&program).join("man1"), folder.join(&program).join("completions"));
    for folder in [&pages, &completions] {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, &program, &completions)
            .with_context(|| format!("write the completions for {shell}"))?;
    }
    // After the completions, which need the words of the command line as they are typed.
    clap_mangen::generate_to(command, &pages).context("write the man pages")
}
