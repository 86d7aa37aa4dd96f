//! A mail as it arrived, read by rules of its own: headers, words in headers, and the two forms of the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A mail that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// The sender that the client said.
    pub from: String,
    /// The recipient that the client said.
    pub to: String,
    /// Headers and body.
    pub text: String,
}

/// One part of a mail's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its type, without parameters.
    pub kind: String,
    /// What it says.
    pub text: String,
}

impl Mail {
    /// A header's value, its words decoded; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        header(head_and_body(&self.text).0, name).map(|value| words(&value)).unwrap_or_default()
    }

    /// How many headers have that name.
    #[must_use]
    pub fn header_count(&self, name: &str) -> usize {
        let (head, _) = head_and_body(&self.text);
        head.lines()
            .filter(|line| line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name)))
            .count()
    }

    /// The parts of the body, in their order.
    ///
    /// # Panics
    ///
    /// If the body is not made of parts with a boundary.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let (head, body) = head_and_body(&self.text);
        let kind = header(head, "Content-Type").unwrap_or_default();
        let (_, rest) = kind.split_once("boundary=").expect("the type names a boundary");
        let boundary = rest.trim_matches(['"', ' ', ';']);
        let (inside, _) = body.split_once(&format!("--{boundary}--")).expect("the last boundary is there");
        inside.split(&format!("--{boundary}\r\n")).skip(1).map(part).collect()
    }

    /// The plain text.
    #[must_use]
    pub fn plain(&self) -> String {
        self.form("text/plain")
    }

    /// The HTML.
    #[must_use]
    pub fn html(&self) -> String {
        self.form("text/html")
    }

    fn form(&self, kind: &str) -> String {
        self.parts().into_iter().find(|part| part.kind == kind).map(|part| part.text).unwrap_or_default()
    }
}

fn head_and_body(text: &str) -> (&str, &str) {
    text.split_once("\r\n\r\n").unwrap_or((text, ""))
}

/// A header's value on one line.
fn header(head: &str, name: &str) -> Option<String> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn part(text: &str) -> Part {
    let (head, body) = head_and_body(text);
    let kind = header(head, "Content-Type").unwrap_or_default();
    let bytes = match header(head, "Content-Transfer-Encoding").unwrap_or_default().as_str() {
        "base64" => STANDARD.decode(body.replace(['\r', '\n'], "")).expect("it is base64"),
        "quoted-printable" => quoted(&body.replace("=\r\n", ""), false),
        _ => body.as_bytes().to_vec(),
    };
    let text = String::from_utf8(bytes).expect("it is UTF-8").replace("\r\n", "\n");
    Part { kind: kind.split(';').next().unwrap_or_default().trim().to_owned(), text }
}

fn quoted(text: &str, is_header: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'=' => {
                let pair = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let hex = std::str::from_utf8(&pair).expect("two digits follow");
                bytes.push(u8::from_str_radix(hex, 16).expect("they are hexadecimal"));
            }
            b'_' if is_header => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    bytes
}

/// Decodes `=?utf-8?b?…?=` in a header; blanks between two of them do not count.
fn words(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.replace("?= =?", "?==?");
    while let Some(start) = rest.find("=?") {
        bytes.extend_from_slice(&rest.as_bytes()[..start]);
        let word = rest[start + 2..].to_owned();
        let mut fields = word.splitn(3, '?');
        let (_, form, tail) = (fields.next(), fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
        let (text, behind) = tail.split_once("?=").expect("the word ends");
        bytes.extend(if form.eq_ignore_ascii_case("b") {
            STANDARD.decode(text).expect("it is base64")
        } else {
            quoted(text, true)
        });
        rest = behind.to_owned();
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).expect("it is UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_parts_are_read() {
        let text = "Subject: =?utf-8?b?w6k=?= =?utf-8?q?t=C3=A9_?=\r\n x\r\nContent-Type: multipart/alternative;\r\n \
                    boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: \
                    quoted-printable\r\n\r\n=C3=A9 =\r\nx\r\n--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: \
                    base64\r\n\r\nPGI+\r\n--b--\r\n";
        let mail = Mail { from: String::new(), to: String::new(), text: text.to_owned() };
        assert_eq!(mail.header("subject"), "été  x");
        assert_eq!((mail.plain().as_str(), mail.html().as_str()), ("é x\n", "<b>"));
    }
}
