//! Stories about `authorities`.

use std::path::PathBuf;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::IsCa;
use rcgen::KeyPair;

use super::*;

fn authority() -> String {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .self_signed(&KeyPair::generate().unwrap())
        .unwrap()
        .pem()
}

/// What is read out of a file with this in it: a number of certificates, or what is wrong.
fn found(name: &str, text: &str) -> Result<usize, String> {
    let path = std::env::temp_dir().join(format!("headway-{}-{name}", std::process::id()));
    fs::write(&path, text).unwrap();
    let read = read(&path).map(|authorities| authorities.len());
    fs::remove_file(&path).unwrap();
    read
}

#[test]
fn every_certificate_counts_and_a_bad_one_spoils_the_file() {
    let good = authority();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let key = KeyPair::generate().unwrap().serialize_pem();
    for (name, text, expected) in [
        ("one", good.clone(), Ok(1)),
        (
            "three",
            format!("words\n{good}{}\n{}", authority(), authority()),
            Ok(3),
        ),
        ("with-a-key", format!("{key}{good}"), Ok(1)),
        (
            "bad",
            bad.to_owned(),
            Err("certificate 1 in it cannot be read"),
        ),
        (
            "second-bad",
            format!("{good}{bad}"),
            Err("certificate 2 in it cannot be read"),
        ),
        ("cut", good[..good.len() / 2].to_owned(), Err("not PEM")),
        ("key", key, Err("no certificate in it")),
        ("empty", String::new(), Err("no certificate in it")),
        ("words", "words".to_owned(), Err("no certificate in it")),
    ] {
        assert_eq!(
            found(name, &text),
            expected.map_err(str::to_owned),
            "{name}"
        );
    }
}

#[test]
fn a_folder_is_no_file() {
    assert_eq!(read(&PathBuf::from("/")), Err("not a file".to_owned()));
}
