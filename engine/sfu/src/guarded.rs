//! An `Rtc` that can only be called under guard: a panic inside it ends this peer and nothing else, and the keys it makes go to
//! nobody else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use str0m::{Rtc, RtcError};

use crate::keytap::{self, TappedKeys};

/// The peer can not go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fatal {
    Panic,
    /// str0m gave it up itself. What it says may hold addresses, so it is not kept.
    Refused,
}

pub(crate) struct GuardedRtc {
    /// `None` after a panic: what a panic leaves behind is not to be used again.
    rtc: Option<Rtc>,
    keys: Option<TappedKeys>,
}

impl GuardedRtc {
    pub(crate) fn new(rtc: Rtc) -> Self {
        GuardedRtc {
            rtc: Some(rtc),
            keys: None,
        }
    }

    /// Runs `call` on the `Rtc`, unless it has panicked before.
    pub(crate) fn call<R>(&mut self, call: impl FnOnce(&mut Rtc) -> R) -> Result<R, Fatal> {
        let rtc = self.rtc.as_mut().ok_or(Fatal::Panic)?;
        let result = catch_unwind(AssertUnwindSafe(|| {
            keytap::assert_empty();
            call(rtc)
        }));
        let keys = keytap::take();
        match result {
            Ok(value) => {
                if keys.is_some() {
                    self.keys = keys;
                }
                Ok(value)
            }
            Err(payload) => {
                // Both may run code of the broken object: its drop must not take us along either.
                let broken = self.rtc.take();
                let _ = catch_unwind(AssertUnwindSafe(|| drop((broken, payload))));
                Err(Fatal::Panic)
            }
        }
    }

    /// As `call`, for what can fail by itself.
    pub(crate) fn try_call<R>(
        &mut self,
        call: impl FnOnce(&mut Rtc) -> Result<R, RtcError>,
    ) -> Result<R, Fatal> {
        self.call(call)?.map_err(|_| Fatal::Refused)
    }

    /// The SRTP keys, once, after the DTLS handshake has made them.
    pub(crate) fn take_keys(&mut self) -> Option<TappedKeys> {
        self.keys.take()
    }
}
