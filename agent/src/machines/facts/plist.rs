//! Property lists as `ioreg -a` prints them: the only file that names `roxmltree`.
//!
//! A cut or hostile list reads as empty: the library bounds entities, and the nodes are bounded here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roxmltree::{Document, Node, ParsingOptions};

/// Most nodes of a list; the largest asked for has some two thousand.
const NODES_MAX: u32 = 50_000;

/// A dictionary in a list.
#[derive(Clone, Copy)]
pub(super) struct Dict<'a>(Node<'a, 'a>);

/// Reads a list and does something with its first dictionary; none if there is none.
pub(super) fn with_first<T>(text: &str, read: impl FnOnce(Dict<'_>) -> Option<T>) -> Option<T> {
    let start = text.find("<?xml").or_else(|| text.find("<plist"))?;
    let options = ParsingOptions { allow_dtd: true, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text.get(start..)?.trim_end(), options).ok()?;
    let first = document.descendants().find(|node| node.has_tag_name("dict"))?;
    read(Dict(first))
}

impl<'a> Dict<'a> {
    /// An integer; one that a program printed without its sign is given it back.
    pub(super) fn int(self, key: &str) -> Option<i64> {
        let text = self.value(key).filter(|value| value.has_tag_name("integer"))?.text()?.trim();
        text.parse::<i64>().ok().or_else(|| text.parse::<u64>().ok().map(u64::cast_signed))
    }

    /// A truth value.
    pub(super) fn bool(self, key: &str) -> Option<bool> {
        match self.value(key)?.tag_name().name() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// A text, also one that is kept as bytes with a zero at its end.
    pub(super) fn text(self, key: &str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.text()?;
        match value.tag_name().name() {
            "string" => Some(text.to_owned()),
            "data" => {
                let digits: String = text.split_whitespace().collect();
                let bytes = STANDARD.decode(digits).ok()?;
                Some(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
            }
            _ => None,
        }
    }

    /// The dictionaries of a list in this dictionary or in one that it holds, at any depth.
    pub(super) fn dicts_below(self, key: &str) -> Vec<Self> {
        let found = self.0.descendants().find(|node| is_key(node, key)).and_then(|node| node.next_sibling_element());
        let dicts = found.into_iter().flat_map(|list| list.children());
        dicts.filter(|node| node.has_tag_name("dict")).map(Dict).collect()
    }

    fn value(self, key: &str) -> Option<Node<'a, 'a>> {
        self.0.children().find(|node| is_key(node, key))?.next_sibling_element()
    }
}

fn is_key(node: &Node<'_, '_>, key: &str) -> bool {
    node.has_tag_name("key") && node.text() == Some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
        <plist version=\"1.0\"><array><dict><key>Inner</key><dict><key>A</key><integer>1</integer></dict>\
        <key>A</key><integer>2</integer><key>B</key><true/><key>C</key><data>TWFj\nAA==</data></dict></array></plist>\n";

    #[test]
    fn a_key_is_looked_for_in_its_own_dictionary() {
        let read = |dict: Dict<'_>| Some((dict.int("A"), dict.bool("B"), dict.text("C"), dict.int("D")));
        assert_eq!(with_first(LIST, read), Some((Some(2), Some(true), Some("Mac".to_owned()), None)));
    }

    #[test]
    fn a_truncated_list_reads_as_empty() {
        for length in (0..LIST.len() - 10).step_by(7) {
            assert_eq!(with_first(&LIST[..length], |dict| dict.int("A")), None, "{length}");
        }
    }

    #[test]
    fn entities_that_multiply_cost_nothing() {
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE p [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
            <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]>\
            <plist><dict><key>A</key><string>&d;&d;&d;&d;</string></dict></plist>";
        assert_eq!(with_first(bomb, |dict| dict.text("A")), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(at in 0_usize..LIST.len(), noise in "\\PC{0,20}") {
            let mut text = LIST.to_owned();
            if text.is_char_boundary(at) {
                text.insert_str(at, &noise);
            }
            drop(with_first(&text, |dict| Some((dict.int("A"), dict.text("C"), dict.dicts_below("Inner").len()))));
        }
    }
}
