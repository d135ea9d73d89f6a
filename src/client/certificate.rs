//! The certificate that a target showed: kept with its connection, read only when somebody asks.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode as _;

const DAY_S: i64 = 24 * 3_600;

/// A certificate, as it came.
#[derive(Clone)]
pub struct Certificate(Arc<[u8]>);

impl Certificate {
    pub(super) fn of(der: &CertificateDer<'_>) -> Self {
        Self(der.as_ref().into())
    }

    /// Whole days from `now` until it ends, negative when it has ended; none if it cannot be read.
    pub fn days_left(&self, now: SystemTime) -> Option<i64> {
        // Read as it is: whether it keeps to every rule is for whoever verifies it.
        let certificate = CertificateInner::<Raw>::from_der(&self.0).ok()?;
        let ends = certificate.tbs_certificate().validity().not_after.to_unix_duration();
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Some((ends.as_secs() as i64 - now.as_secs() as i64).div_euclid(DAY_S))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn whole_days_are_counted_to_the_end_and_beyond() {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2024, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 31);
        let key = KeyPair::generate().unwrap();
        let certificate = Certificate::of(params.self_signed(&key).unwrap().der());
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_896_048_000);
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        assert_eq!(certificate.days_left(end - hours(24)), Some(1));
        assert_eq!(certificate.days_left(end - hours(23)), Some(0));
        assert_eq!(certificate.days_left(end + hours(1)), Some(-1));
        assert_eq!(Certificate(b"no certificate".as_slice().into()).days_left(end), None);
    }
}
