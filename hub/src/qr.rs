//! A text as a picture that phones read (QR code), for pages that run no script.

use qrcodegen::{QrCode, QrCodeEcc};

/// Blank modules around the code, so that cameras find it.
const MARGIN: i32 = 4;

/// The picture as SVG, black on white whatever the page's light; none if the text is longer than such a code holds.
#[must_use]
pub(crate) fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let whole = size + 2 * MARGIN;
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + MARGIN, y + MARGIN));
        }
    }
    Some(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"QR\" viewBox=\"0 0 {whole} {whole}\" width=\"{side}\" height=\"{side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h{whole}v{whole}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>",
        side = whole * 4,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_nothing_of_the_text_that_could_be_markup() {
        let picture = svg("otpauth://totp/<script>\"&").unwrap();
        assert!(picture.starts_with("<svg") && !picture.contains("script") && picture.matches('<').count() == 4);
    }

    #[test]
    fn what_is_too_long_is_no_picture() {
        assert_eq!(svg(&"x".repeat(3000)), None);
    }
}
