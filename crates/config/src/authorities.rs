//! The certificates of authorities in a file, read once.

use std::fs;
use std::path::Path;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::TrustAnchor;
use rustls_pki_types::pem::PemObject;
use webpki::anchor_from_trusted_cert;

/// Bytes of such a file; the authorities of the whole web take a tenth of it.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Every certificate in a PEM file; at least one.
pub(crate) fn read(path: &Path) -> Result<Vec<TrustAnchor<'static>>, String> {
    let meta = fs::metadata(path).map_err(|error| error.kind().to_string())?;
    if !meta.is_file() {
        return Err("not a file".to_owned());
    }
    if meta.len() > FILE_BYTES_MAX {
        return Err("larger than 4 MiB".to_owned());
    }
    let pem = fs::read(path).map_err(|error| error.kind().to_string())?;
    let mut authorities = Vec::new();
    for (index, certificate) in CertificateDer::pem_slice_iter(&pem).enumerate() {
        let certificate = certificate.map_err(|_| "not PEM".to_owned())?;
        let authority = anchor_from_trusted_cert(&certificate)
            .map_err(|_| format!("certificate {} in it cannot be read", index + 1))?;
        authorities.push(authority.to_owned());
    }
    if authorities.is_empty() {
        return Err("no certificate in it".to_owned());
    }
    Ok(authorities)
}

#[cfg(test)]
mod tests;
