//! Writes the page as HTML: everything that was not written here is escaped.

use super::facts::Facts;
use super::words::{Lang, Mood, Part, footer, parts};

/// The page's looks.
pub const STYLE: &str = "\
:root{color-scheme:light dark;font:1rem/1.45 system-ui,sans-serif}\
body{margin:0 auto;max-width:40rem;padding:1rem}\
h1{font-size:1.2rem}h2{font-size:1rem;margin:0 0 .3rem}\
section{border:1px solid #8886;border-left:.4rem solid #888;border-radius:.4rem;margin:0 0 .8rem;padding:.6rem .8rem}\
.good{border-left-color:#18864b}.bad{border-left-color:#c4320a}\
p{margin:.2rem 0;overflow-wrap:anywhere}p:first-of-type{font-size:1.15rem;font-weight:600}\
small,footer{opacity:.75;overflow-wrap:anywhere}\n";

/// The page.
#[must_use]
pub fn page(facts: &Facts, lang: Lang) -> String {
    let title = facts.site.as_ref().map_or_else(|| "Vigie".to_owned(), |site| format!("Vigie · {}", escaped(site)));
    let code = lang.code();
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\">\n<meta http-equiv=\"refresh\" content=\"10\">\n\
         <title>{title}</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<h1>{title}</h1>\n<main>\n"
    );
    parts(facts, lang).iter().for_each(|part| html += &section(part));
    html += &format!(
        "</main>\n<footer>\n<p>{}</p>\n<p>{}</p>\n</footer>\n</body>\n</html>\n",
        escaped(&footer(facts, lang)),
        languages(lang)
    );
    html
}

fn section(part: &Part) -> String {
    let class = match part.mood {
        Mood::Good => "good",
        Mood::Bad => "bad",
        Mood::Plain => "plain",
    };
    let mut html = format!("<section class=\"{class}\">\n<h2>{}</h2>\n", escaped(&part.heading));
    part.lines.iter().for_each(|line| html += &format!("<p>{}</p>\n", escaped(line)));
    if let Some(detail) = &part.detail {
        html += &format!("<small lang=\"en\">{}</small>\n", escaped(detail));
    }
    html + "</section>\n"
}

fn languages(current: Lang) -> String {
    let link = |lang: Lang| match lang == current {
        true => format!("<b>{}</b>", lang.name()),
        false => format!("<a href=\"/?lang={0}\" lang=\"{0}\">{1}</a>", lang.code(), lang.name()),
    };
    Lang::ALL.map(link).join(" · ")
}

/// The text as HTML shows it.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut html, letter| {
        match letter {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            letter if letter.is_control() => html.push('\u{fffd}'),
            letter => html.push(letter),
        }
        html
    })
}
