//! A body as people send it who copied it from the old server's guide: JSON, with remarks behind `#`.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::http::input::{Body, body_problem};
use crate::http::problem::Problem;

/// A JSON body that may hold remarks.
pub(super) struct Remarked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Remarked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut head, body) = request.into_parts();
        let whole = Request::from_parts(head.clone(), body);
        let written = Bytes::from_request(whole, state).await.map_err(|error| body_problem(&error.into()))?;
        head.headers.remove(axum::http::header::CONTENT_LENGTH);
        let plain = Request::from_parts(head, without_remarks(&written).into());
        let Body(value) = Body::from_request(plain, state).await?;
        Ok(Self(value))
    }
}

/// Where a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    Text,
    Escape,
    Remark,
}

/// The same without what stands between a `#` outside of texts and the end of its line.
fn without_remarks(written: &[u8]) -> Vec<u8> {
    let mut place = Place::Plain;
    let mut plain = Vec::with_capacity(written.len());
    for &byte in written {
        place = match (place, byte) {
            (Place::Plain, b'"') | (Place::Escape, _) => Place::Text,
            (Place::Text, b'"') | (Place::Remark, b'\n') => Place::Plain,
            (Place::Text, b'\\') => Place::Escape,
            (Place::Plain, b'#') => Place::Remark,
            (same, _) => same,
        };
        if place != Place::Remark {
            plain.push(byte);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn remarks_end_with_their_line_and_texts_keep_their_signs() {
        let written = "{\n \"a\": 1, # one \"two\"\n \"b\": \"#no \\\" # remark\" # end";
        assert_eq!(without_remarks(written.as_bytes()), b"{\n \"a\": 1, \n \"b\": \"#no \\\" # remark\" ");
    }

    proptest! {
        #[test]
        fn json_without_remarks_stays_as_it_is(text in any::<String>(), key in any::<String>()) {
            let written = json!({ key: [text] }).to_string();
            prop_assert_eq!(without_remarks(written.as_bytes()), written.into_bytes());
        }
    }
}
