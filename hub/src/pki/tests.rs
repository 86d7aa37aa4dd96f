//! What the hub's trust promises, checked on real files and real certificates.

use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::*;

const NOW_MS: i64 = 1_790_000_000_000;

fn csr() -> String {
    CertificateParams::default().serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap()
}

fn site() -> SiteId {
    "rennes01".parse().unwrap()
}

#[test]
fn a_second_start_finds_the_same_keys() {
    let folder = tempfile::tempdir().unwrap();
    let first = Pki::open(folder.path(), NOW_MS).unwrap();
    let second = Pki::open(folder.path(), NOW_MS + 1).unwrap();
    assert_eq!(first.ca_sha256(), second.ca_sha256());
    assert_eq!(first.command_public_key(), second.command_public_key());
}

#[test]
fn keys_are_for_their_owner_only_and_a_readable_key_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    drop(Pki::open(folder.path(), NOW_MS).unwrap());
    for name in ["ca.key", "command.key"] {
        let file = folder.path().join(name);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = format!("{:#}", Pki::open(folder.path(), NOW_MS).err().unwrap());
        assert!(error.contains("chmod 600") && error.contains(name), "{error}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn a_lost_ca_key_is_named_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    drop(Pki::open(folder.path(), NOW_MS).unwrap());
    std::fs::remove_file(folder.path().join("ca.key")).unwrap();
    let error = format!("{:#}", Pki::open(folder.path(), NOW_MS).err().unwrap());
    assert!(error.contains("ca.key") && error.contains("backup"), "{error}");
}

#[test]
fn a_box_gets_a_certificate_that_names_its_site_whatever_it_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::open(folder.path(), NOW_MS).unwrap();
    let signed = pki.sign_csr(&csr(), &site(), NOW_MS).unwrap();
    let peer = PeerIdentity::from_certificate(&CertificateDer::from_pem_slice(signed.pem.as_bytes()).unwrap()).unwrap();
    assert_eq!(peer, PeerIdentity { site: site(), serial: signed.serial, expires_ms: signed.expires_ms });
}

#[test]
fn two_certificates_never_share_a_serial() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::open(folder.path(), NOW_MS).unwrap();
    let serial = || pki.sign_csr(&csr(), &site(), NOW_MS).unwrap().serial;
    let (first, second) = (serial(), serial());
    assert_ne!(first, second);
    assert_eq!(first.len(), 32);
}

#[test]
fn a_changed_request_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::open(folder.path(), NOW_MS).unwrap();
    let mut changed = csr().into_bytes();
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    assert!(matches!(pki.sign_csr(&changed, &site(), NOW_MS), Err(CsrError::Bad(_))));
    assert!(matches!(pki.sign_csr("hello", &site(), NOW_MS), Err(CsrError::Bad(_))));
}

#[test]
fn a_certificate_of_somebody_else_names_nobody() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "siteA");
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "siteB");
    let certificate = params.self_signed(&key).unwrap();
    assert_eq!(PeerIdentity::from_certificate(certificate.der()), Err(PeerError::NoSite));
    let bytes = CertificateDer::from(vec![1, 2, 3]);
    assert_eq!(PeerIdentity::from_certificate(&bytes), Err(PeerError::Unreadable));
}
