//! Refusals as problem documents (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use vigie_shared::enrol::Problem;
use vigie_shared::id::SiteId;

/// Why a box did not get what it asked for. The text is for the person at the box.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the request cannot be read: {0}")]
    Unreadable(String),
    #[error("{0}; make a new key on the box by running `vigie-agent register` again")]
    BadCsr(String),
    #[error(
        "this enrolment token is not known here: it was withdrawn, or belongs to another hub; ask for a new one (`vigie-hub site add` or `site replace`)"
    )]
    UnknownSecret,
    #[error(
        "this enrolment token was used before ({0}): a token makes one box; ask for a new one (`vigie-hub site replace`)"
    )]
    UsedSecret(String),
    #[error("this enrolment token ended ({0}); ask for a new one, and check the clocks if it should be young")]
    ExpiredSecret(String),
    #[error("the site was revoked on the hub; ask its operator")]
    RevokedSite,
    #[error("the account or its password is wrong; nothing was done")]
    WrongPassword,
    #[error("too many attempts; try again in {0} s")]
    Wait(u64),
    #[error(
        "account {0} may only look, and registering a box needs an operator; an owner can change that with `vigie-hub user add`"
    )]
    NoRight(String),
    #[error(
        "the site has neither an id nor a name to make one of; give `--site`, or `--name` with a letter or digit in it"
    )]
    Nameless,
    #[error(
        "there is a site {0} already, and nothing says that this box is meant for it; say `--site {0}` if it is, or choose another id with `--site`"
    )]
    SiteExists(SiteId),
    #[error(
        "the account {0} has a second factor, which cannot be shown here; make a token with `vigie-hub site add` instead"
    )]
    NeedsToken(String),
    #[error("the client certificate is missing or names no site; register the box with a new token")]
    NoCertificate,
    #[error("the client certificate was revoked or is not known here; register the box with a new token")]
    RevokedCertificate,
    #[error("this hub has no such medium or package: it was removed, or its address was typed wrongly")]
    NoSuchFile,
    #[error("this pairing link is not known here or has ended; ask for a new one (`vigie-hub person pair`)")]
    UnknownTicket,
    #[error("this address cannot be one device's; nothing was claimed")]
    NoDevice,
    #[error("as many boxes as this hub allows are fetching files or registering; try again in a minute")]
    Busy,
    #[error("too many refused requests from this address; wait a minute and try again")]
    TooMany,
    #[error("there is nothing here; boxes use /boxes/v1/enrol, /boxes/v1/register, /boxes/v1/renew and /boxes/v1/time")]
    NotFound,
    #[error("this address takes another method")]
    WrongMethod,
    #[error("the hub could not do it; nothing is wrong with the box, try again later and tell the hub's operator")]
    HubFailed,
}

impl Refused {
    /// Status and the stable word.
    fn class(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Unreadable(_) => (StatusCode::BAD_REQUEST, "unreadable"),
            Self::BadCsr(_) => (StatusCode::BAD_REQUEST, "bad_csr"),
            Self::UnknownSecret => (StatusCode::FORBIDDEN, "unknown_secret"),
            Self::UsedSecret(_) => (StatusCode::FORBIDDEN, "used_secret"),
            Self::ExpiredSecret(_) => (StatusCode::FORBIDDEN, "expired_secret"),
            Self::RevokedSite => (StatusCode::FORBIDDEN, "revoked_site"),
            Self::WrongPassword => (StatusCode::FORBIDDEN, "login_wrong"),
            Self::Wait(_) => (StatusCode::TOO_MANY_REQUESTS, "login_too_often"),
            Self::NoRight(_) => (StatusCode::FORBIDDEN, "no_right"),
            Self::NeedsToken(_) => (StatusCode::FORBIDDEN, "needs_token"),
            Self::Nameless => (StatusCode::BAD_REQUEST, "nameless"),
            Self::SiteExists(_) => (StatusCode::CONFLICT, "site_exists"),
            Self::NoCertificate => (StatusCode::UNAUTHORIZED, "no_certificate"),
            Self::RevokedCertificate => (StatusCode::FORBIDDEN, "revoked_certificate"),
            Self::NoSuchFile => (StatusCode::NOT_FOUND, "no_such_file"),
            Self::UnknownTicket => (StatusCode::FORBIDDEN, "unknown_ticket"),
            Self::NoDevice => (StatusCode::BAD_REQUEST, "no_device"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "wrong_method"),
            Self::HubFailed => (StatusCode::INTERNAL_SERVER_ERROR, "hub_failed"),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, word) = self.class();
        let problem = Problem {
            kind: format!("urn:vigie:problem:{word}"),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: self.to_string(),
        };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            Self::TooMany | Self::Busy => drop(headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"))),
            Self::Wait(seconds) => drop(headers.insert(header::RETRY_AFTER, seconds.into())),
            _ => {}
        }
        response
    }
}
