//! Copies the SRTP keys of each DTLS handshake as str0m makes them, so that we can seal what we forward ourselves; it leaves the
//! use of the keys to `srtp`.
//!
//! str0m offers no call that returns SRTP keys, but its DTLS implementation is a replaceable part. We wrap the backend's:
//! every method is passed on, and `poll_output` also copies the keying material into a slot of this thread. Whoever polls
//! an `Rtc` takes the slot right after (see `guarded`), so a key can only be given to the peer that made it.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::time::Instant;

use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
    SrtpProfile,
};
use str0m::crypto::{CryptoError, CryptoProvider, from_feature_flags};
use zeroize::Zeroizing;

/// The keying material of one finished handshake, as RFC 5764 §4.2 lays it out: client key, server key, client salt,
/// server salt. It has no `Debug` on purpose.
pub(crate) struct TappedKeys {
    pub(crate) material: Zeroizing<Vec<u8>>,
    pub(crate) profile: SrtpProfile,
    /// Whether we were the DTLS client: then the client half is ours to send with.
    pub(crate) is_client: bool,
}

thread_local! {
    static SLOT: RefCell<Option<TappedKeys>> = const { RefCell::new(None) };
}

/// Takes what the handshake polled just now has left. Empties the slot.
pub(crate) fn take() -> Option<TappedKeys> {
    SLOT.with_borrow_mut(Option::take)
}

/// Panics when a key is still waiting: it would go to the wrong peer. To be called inside the guard of the next peer, so
/// that at worst that peer ends.
pub(crate) fn assert_empty() {
    assert!(
        take().is_none(),
        "a DTLS key was left over from another peer"
    );
}

/// The process-wide crypto provider whose DTLS is tapped.
pub(crate) fn provider() -> &'static CryptoProvider {
    static PROVIDER: OnceLock<CryptoProvider> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        let backend = from_feature_flags();
        // str0m wants a 'static provider; it lives as long as the process anyway.
        let tapped: &'static TappedProvider =
            Box::leak(Box::new(TappedProvider(backend.dtls_provider)));
        CryptoProvider {
            dtls_provider: tapped,
            ..backend
        }
    })
}

#[derive(Debug)]
struct TappedProvider(&'static dyn DtlsProvider);

impl DtlsProvider for TappedProvider {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        self.0.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        dtls_version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        Ok(Box::new(Tap(self.0.new_dtls(
            cert,
            now,
            dtls_version,
            mtu,
        )?)))
    }

    fn is_test(&self) -> bool {
        self.0.is_test()
    }
}

#[derive(Debug)]
struct Tap(Box<dyn DtlsInstance>);

impl DtlsInstance for Tap {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.0.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            let keys = TappedKeys {
                material: Zeroizing::new(material.to_vec()),
                profile: *profile,
                is_client: self.0.is_active(),
            };
            SLOT.with_borrow_mut(|slot| *slot = Some(keys));
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}
