//! Asks whether software works: its address on this machine, or a program of the owner.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::settings::{Health, LocalUrl};

/// Longest wait for one answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Pause between questions.
const PAUSE: Duration = Duration::from_secs(1);

/// It must still work after that time: what crashes at its start often answers once.
const STEADY: Duration = Duration::from_secs(3);

/// Most bytes of a program's last words that are passed on.
const WORDS_MAX: usize = 300;

/// Waits until the software works and goes on working.
///
/// # Errors
///
/// The last answer, if it does not work in time.
pub async fn wait_until_healthy(health: &Health, limit: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + limit;
    let mut healthy_since: Option<Instant> = None;
    loop {
        let answer = timeout(ANSWER_MAX, ask(health)).await.unwrap_or_else(|_late| Err(anyhow::anyhow!("no answer")));
        match answer {
            Ok(()) if healthy_since.is_some_and(|since| since.elapsed() >= STEADY) => return Ok(()),
            Ok(()) => drop(healthy_since.get_or_insert_with(Instant::now)),
            Err(error) if Instant::now() >= deadline => {
                let seconds = limit.as_secs();
                return Err(error.context(format!("the health check does not succeed within {seconds} s")));
            }
            Err(_not_yet) => healthy_since = None,
        }
        sleep(PAUSE).await;
    }
}

async fn ask(health: &Health) -> anyhow::Result<()> {
    match health {
        Health::Url(url) => ask_url(url).await,
        Health::Command(words) => ask_program(words).await,
    }
}

/// One question in HTTP/1.0; only the first line of the answer counts.
async fn ask_url(url: &LocalUrl) -> anyhow::Result<()> {
    let LocalUrl { authority, path, .. } = url;
    let mut stream = TcpStream::connect(authority).await.with_context(|| format!("connect to {authority}"))?;
    let question = format!("GET {path} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await.context("ask")?;
    let mut first = Vec::new();
    let heard = stream.take(64).read_to_end(&mut first).await.context("hear the answer");
    // Who hangs up early has answered all the same.
    if first.is_empty() {
        heard?;
    }
    let line = String::from_utf8_lossy(&first);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split_whitespace().nth(1));
    let status: u16 = status.and_then(|text| text.parse().ok()).context("the answer is no HTTP")?;
    ensure!((200..400).contains(&status), "http://{authority}{path} answers {status}");
    Ok(())
}

async fn ask_program(words: &[String]) -> anyhow::Result<()> {
    let [program, words @ ..] = words else { bail!("no program is named") };
    let mut command = tokio::process::Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.with_context(|| format!("start {program}"))?;
    let words: String = String::from_utf8_lossy(&output.stderr).trim().chars().take(WORDS_MAX).collect();
    ensure!(output.status.success(), "{program} ended with {}: {words}", output.status);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use vigie_shared::lifecycle::Lifecycle;

    use super::*;

    fn program(script: &str) -> Health {
        Health::Command(["/bin/sh", "-c", script].map(str::to_owned).into())
    }

    #[tokio::test]
    async fn a_program_that_goes_on_ending_well_is_health() {
        wait_until_healthy(&program("exit 0"), Duration::ZERO).await.unwrap();
    }

    #[tokio::test]
    async fn the_last_words_of_a_sick_one_are_told() {
        let error = wait_until_healthy(&program("echo no screen >&2; exit 3"), Duration::ZERO).await.unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("within 0 s") && text.contains("no screen"), "{text}");
    }

    #[tokio::test]
    async fn an_address_is_healthy_by_its_status() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lifecycle = Lifecycle::new();
        lifecycle.spawn_detached(async move {
            for status in ["503 Not Yet", "302 Found"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                assert!(stream.read(&mut [0; 256]).await.unwrap() > 0);
                stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes()).await.unwrap();
            }
        });
        let url = LocalUrl::try_from(format!("http://127.0.0.1:{port}/x")).unwrap();
        assert!(ask_url(&url).await.unwrap_err().to_string().contains("503"));
        ask_url(&url).await.unwrap();
    }
}
