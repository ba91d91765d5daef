//! Hands the random bytes that getrandom 0.4 is asked for to getrandom 0.2, so that a wasm module without wasm-bindgen has one
//! source of them; where the bytes come from is decided there.
#![no_std]
#![forbid(unsafe_code)]

pub use older::Error;

/// Fill `destination` with random bytes.
pub fn fill(destination: &mut [u8]) -> Result<(), Error> {
    older::getrandom(destination)
}

#[cfg(feature = "sys_rng")]
pub use rand_core;

/// The random number generator of the system.
#[cfg(feature = "sys_rng")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SysRng;

#[cfg(feature = "sys_rng")]
impl rand_core::TryRng for SysRng {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32, Error> {
        let mut bytes = [0; 4];
        fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Error> {
        fill(destination)
    }
}

#[cfg(feature = "sys_rng")]
impl rand_core::TryCryptoRng for SysRng {}
