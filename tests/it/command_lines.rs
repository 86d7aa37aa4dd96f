//! Every command line that we show somebody is one that our programs understand.

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, Parser as _};

/// Pages that people read first.
const PAGES: [(&str, &str); 3] = [
    ("README.md", include_str!("../../README.md")),
    ("packaging/README.md", include_str!("../../packaging/README.md")),
    ("cross/README.md", include_str!("../../cross/README.md")),
];

/// Where a shown line ends being ours: a pipe, a comment, an explanation behind it.
const ENDS: [&str; 6] = [" | ", " #", "  ", " >", " <", " && "];

#[test]
fn every_command_line_on_the_pages_is_understood() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (page, text) in PAGES {
        let blocks = text.split("```").skip(1).step_by(2);
        for line in blocks.flat_map(str::lines).filter_map(ours) {
            count += 1;
            wrong.extend(understood(line).err().map(|error| format!("{page}: {line}\n{error}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 12, "only {count} lines were found");
}

#[test]
fn every_example_in_the_help_is_understood() {
    fn visit(command: &mut Command, wrong: &mut Vec<String>, count: &mut usize) {
        let help = command.render_long_help().to_string();
        for line in help.lines().filter_map(ours) {
            *count += 1;
            wrong.extend(understood(line).err().map(|error| format!("{line}\n{error}")));
        }
        for sub in command.get_subcommands_mut() {
            visit(sub, wrong, count);
        }
    }
    let (mut wrong, mut count) = (Vec::new(), 0);
    for command in [vigie_agent::cli::Cli::command(), vigie_hub::cli::Cli::command()] {
        // Examples are longer than a terminal is wide, and wrapped there.
        let mut command = command.term_width(0);
        command.build();
        visit(&mut command, &mut wrong, &mut count);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "only {count} lines were found");
}

/// The part of a line that is a command line of ours; none if it is something else.
fn ours(line: &str) -> Option<&str> {
    let line = line.trim();
    let line = line.strip_prefix("Example: ").unwrap_or(line);
    let line = line.strip_prefix("sudo ").unwrap_or(line);
    // The second line of a usage names a verb that has verbs of its own.
    let is_usage = line.ends_with("<COMMAND>");
    let is_ours = !is_usage && ["vigie-agent ", "vigie-hub "].iter().any(|name| line.starts_with(name));
    let end = ENDS.iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
    line.get(..end).filter(|_| is_ours)
}

fn understood(line: &str) -> Result<(), String> {
    // A fingerprint is too long to be shown whole.
    let line = &line.replace("3f9c…", &"0".repeat(64));
    let words = shlex::split(line).ok_or_else(|| "its quotes do not close".to_owned())?;
    let parsed = if line.starts_with("vigie-hub") {
        vigie_hub::cli::Cli::try_parse_from(words).map(drop)
    } else {
        vigie_agent::cli::Cli::try_parse_from(words).map(drop)
    };
    match parsed {
        Err(error) if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            Err(error.to_string())
        }
        _ => Ok(()),
    }
}

#[test]
fn a_line_that_is_not_understood_is_found() {
    understood(ours("  sudo vigie-agent status --json | jq .").unwrap()).unwrap();
    assert_eq!(ours("Examples:"), None);
    understood("vigie-hub site frobnicate").unwrap_err();
    understood("vigie-hub site 'list").unwrap_err();
}
