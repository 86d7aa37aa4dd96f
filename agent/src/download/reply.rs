//! What the head of an HTTP answer means for a download that may have begun before.
//!
//! Pure. Nothing here believes a server: sizes must agree with each other, with the command and with the owner's
//! limit, a part must begin where ours ends, and what is compressed is refused unseen.

use vigie_shared::units::bytes_text;

/// What is expected of a download.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The owner's limit, bytes.
    pub size_bytes_max: u64,
    /// The size that the command names.
    pub size_bytes: Option<u64>,
    /// Bytes that are here already; the request asked for what follows them.
    pub offset: u64,
}

/// The head of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// `Content-Length`.
    pub length: Option<u64>,
    /// `Content-Range`, untouched.
    pub range: Option<String>,
    /// `Content-Encoding`, untouched.
    pub encoding: Option<String>,
    /// `Location`, untouched.
    pub location: Option<String>,
    /// `Retry-After` in seconds.
    pub retry_after_s: Option<u64>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Append what follows to what is here; the size of the whole, if known.
    Append(Option<u64>),
    /// Forget what is here, the whole follows; its size, if known.
    Begin(Option<u64>),
    /// What is here is the whole.
    Whole,
    /// What is here is not a part of this: forget it and ask again from the start.
    Again,
    /// Ask there.
    Elsewhere(String),
    /// The server cannot now; the reason and how long it wants to be left alone, seconds.
    Later(String, Option<u64>),
    /// This will not do; the reason.
    Never(String),
}

impl Expected {
    /// Judges the head of an answer.
    #[must_use]
    pub fn judge(&self, head: &Head) -> Verdict {
        match head.status {
            200 | 206 if is_encoded(head) => {
                Verdict::Never("the server sent it compressed, which nobody asked for".to_owned())
            }
            200 => self.sized(head.length, Verdict::Begin),
            206 => self.judge_part(head),
            301 | 302 | 303 | 307 | 308 => match &head.location {
                Some(location) => Verdict::Elsewhere(location.clone()),
                None => Verdict::Never(format!("the server answered {} without saying where", head.status)),
            },
            416 => match head.range.as_deref().and_then(parse_range) {
                Some(Range { part: None, total: Some(total) }) if total == self.offset => Verdict::Whole,
                _ if self.offset > 0 => Verdict::Again,
                _ => Verdict::Never("the server has nothing to send (416)".to_owned()),
            },
            401 | 403 => Verdict::Never(format!("the server does not let this box have it ({})", head.status)),
            404 | 410 => Verdict::Never(format!("the server does not have it ({})", head.status)),
            408 | 425 | 429 | 500..=599 => {
                Verdict::Later(format!("the server answered {}", head.status), head.retry_after_s)
            }
            status => Verdict::Never(format!("the server answered {status}")),
        }
    }

    /// Judges that the whole is here, or that more came than may.
    ///
    /// # Errors
    ///
    /// A sentence, if so many bytes cannot be right.
    pub fn may_have(&self, size_bytes: u64) -> Result<(), String> {
        if size_bytes > self.size_bytes_max {
            let (has, may) = (bytes_text(size_bytes), bytes_text(self.size_bytes_max));
            return Err(format!(
                "it has {has} or more, the limit of this box is {may} (`commands.deploy_video.max_download_size`)"
            ));
        }
        match self.size_bytes {
            Some(wanted) if size_bytes > wanted => {
                Err(format!("it has {size_bytes} bytes or more, the command says {wanted}"))
            }
            _ => Ok(()),
        }
    }

    /// Judges the whole.
    ///
    /// # Errors
    ///
    /// A sentence, if its size cannot be right.
    pub fn is_size(&self, size_bytes: u64) -> Result<(), String> {
        self.may_have(size_bytes)?;
        match self.size_bytes {
            Some(wanted) if size_bytes != wanted => {
                Err(format!("it has {size_bytes} bytes, the command says {wanted}"))
            }
            _ => Ok(()),
        }
    }

    fn judge_part(&self, head: &Head) -> Verdict {
        match head.range.as_deref().and_then(parse_range) {
            Some(Range { part: Some((first, last)), total }) if first == self.offset => {
                let agrees =
                    head.length.is_none_or(|length| Some(length) == last.checked_sub(first).map(|span| span + 1));
                let is_end = total.is_none_or(|total| last.checked_add(1) == Some(total));
                match agrees && is_end {
                    true => self.sized(total.or_else(|| last.checked_add(1)), Verdict::Append),
                    false => Verdict::Again,
                }
            }
            _ if self.offset > 0 => Verdict::Again,
            _ => Verdict::Never("the server sent a part that was not asked for".to_owned()),
        }
    }

    fn sized(&self, total: Option<u64>, verdict: impl FnOnce(Option<u64>) -> Verdict) -> Verdict {
        match total.map(|total| self.is_size(total)) {
            Some(Err(reason)) => Verdict::Never(reason),
            Some(Ok(())) | None => verdict(total),
        }
    }
}

fn is_encoded(head: &Head) -> bool {
    head.encoding
        .as_deref()
        .is_some_and(|encoding| !encoding.trim().is_empty() && !encoding.trim().eq_ignore_ascii_case("identity"))
}

/// `Content-Range`: the first and last byte of the part, and the size of the whole.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    part: Option<(u64, u64)>,
    total: Option<u64>,
}

fn parse_range(text: &str) -> Option<Range> {
    let (part, total) = text.trim().strip_prefix("bytes ")?.trim().split_once('/')?;
    let total = if total == "*" { None } else { Some(number(total)?) };
    if part == "*" {
        return Some(Range { part: None, total });
    }
    let (first, last) = part.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last && total.is_none_or(|total| last < total)).then_some(Range { part: Some((first, last)), total })
}

/// Digits only: no sign, as `parse` would take.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expected(offset: u64) -> Expected {
        Expected { size_bytes_max: 1_000, size_bytes: None, offset }
    }

    fn part(range: &str, length: Option<u64>) -> Head {
        Head { status: 206, length, range: Some(range.to_owned()), ..Head::default() }
    }

    #[test]
    fn a_part_is_appended_only_where_ours_ends() {
        assert_eq!(expected(100).judge(&part("bytes 100-899/900", Some(800))), Verdict::Append(Some(900)));
        assert_eq!(expected(100).judge(&part("bytes 100-899/*", None)), Verdict::Append(Some(900)));
        for foreign in
            ["bytes 0-899/900", "bytes 99-899/900", "bytes 100-99/900", "bytes 100-900/900", "bytes 100-500/900", "x"]
        {
            assert_eq!(expected(100).judge(&part(foreign, None)), Verdict::Again, "{foreign}");
        }
        assert_eq!(expected(100).judge(&part("bytes 100-899/900", Some(5))), Verdict::Again);
        assert!(matches!(expected(0).judge(&part("bytes 5-9/10", None)), Verdict::Never(_)));
    }

    #[test]
    fn a_server_that_does_not_resume_sends_the_whole_again() {
        let whole = Head { status: 200, length: Some(900), ..Head::default() };
        assert_eq!(expected(100).judge(&whole), Verdict::Begin(Some(900)));
        assert_eq!(expected(0).judge(&Head { status: 200, ..Head::default() }), Verdict::Begin(None));
        let past = |range: &str| Head { status: 416, range: Some(range.to_owned()), ..Head::default() };
        assert_eq!(expected(900).judge(&past("bytes */900")), Verdict::Whole);
        assert_eq!(expected(900).judge(&past("bytes */800")), Verdict::Again);
        assert!(matches!(expected(0).judge(&past("bytes */800")), Verdict::Never(_)));
    }

    #[test]
    fn wrong_sizes_compressed_bodies_and_refusals_are_given_up_by_name() {
        let never = |expected: &Expected, head: Head| match expected.judge(&head) {
            Verdict::Never(reason) => reason,
            other => panic!("{other:?}"),
        };
        let whole = |length| Head { status: 200, length: Some(length), ..Head::default() };
        assert!(never(&expected(0), whole(1_001)).contains("limit of this box"));
        let named = Expected { size_bytes: Some(10), ..expected(0) };
        assert_eq!(named.judge(&whole(10)), Verdict::Begin(Some(10)));
        assert!(never(&named, whole(9)).contains("the command says 10"));
        assert!(named.may_have(11).is_err() && named.may_have(9).is_ok() && named.is_size(9).is_err());
        let bomb = Head { encoding: Some("gzip".to_owned()), ..whole(10) };
        assert!(never(&expected(0), bomb).contains("compressed"));
        for (status, word) in
            [(404, "does not have it"), (403, "does not let"), (302, "without saying where"), (204, "204")]
        {
            assert!(never(&expected(0), Head { status, ..Head::default() }).contains(word));
        }
        let busy = Head { status: 503, retry_after_s: Some(7), ..Head::default() };
        assert_eq!(expected(5).judge(&busy), Verdict::Later("the server answered 503".to_owned(), Some(7)));
    }

    proptest! {
        #[test]
        fn no_head_makes_more_than_the_limit_acceptable(status in 100u16..600, length: Option<u64>, range: Option<String>, offset in 0u64..2_000) {
            let head = Head { status, length, range, ..Head::default() };
            if let Verdict::Begin(Some(total)) | Verdict::Append(Some(total)) = expected(offset).judge(&head) {
                prop_assert!(total <= 1_000);
            }
        }

        #[test]
        fn ranges_are_read_back_or_refused(first: u64, span in 0u64..1_000_000, more in 0u64..10) {
            if let Some(total) = first.checked_add(span).and_then(|last| last.checked_add(1 + more)) {
                let text = format!("bytes {first}-{}/{total}", first + span);
                prop_assert_eq!(parse_range(&text), Some(Range { part: Some((first, first + span)), total: Some(total) }));
            }
        }
    }
}
