//! What the browser lends the module: the C ABI of WebAssembly (`hc_alloc`, `hc_free`, `hc_call`), random bytes, the time, and an ear for
//! panics. The only file with `unsafe`; natively it is the system's clock and nothing else.

/// Unix milliseconds.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn now_ms() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64() * 1000.0)
}

#[cfg(target_arch = "wasm32")]
pub(crate) use wasm::now_ms;

#[cfg(target_arch = "wasm32")]
mod wasm {
    use std::cell::RefCell;

    use crate::ops::Instance;

    unsafe extern "C" {
        fn hc_random(destination: *mut u8, length: usize);
        fn hc_now() -> f64;
        fn hc_panic(message: *const u8, length: usize);
    }

    thread_local! {
        static INSTANCE: RefCell<Instance> = RefCell::new(Instance::new());
    }

    pub(crate) fn now_ms() -> f64 {
        // SAFETY: the import takes nothing and gives a number.
        unsafe { hc_now() }
    }

    fn random(destination: &mut [u8]) -> Result<(), getrandom::Error> {
        // SAFETY: pointer and length are those of a slice we may write to.
        unsafe { hc_random(destination.as_mut_ptr(), destination.len()) };
        Ok(())
    }

    getrandom::register_custom_getrandom!(random);

    /// Room for a request of `length` bytes; given back with `hc_free`.
    #[unsafe(no_mangle)]
    pub(super) extern "C" fn hc_alloc(length: usize) -> *mut u8 {
        Box::into_raw(vec![0u8; length].into_boxed_slice()).cast()
    }

    /// Give back what `hc_alloc` or `hc_call` gave, with its length. What was in it is wiped: it may have been a secret.
    ///
    /// # Safety
    /// Pointer and length belong together and are given back once.
    #[unsafe(no_mangle)]
    pub(super) unsafe extern "C" fn hc_free(pointer: *mut u8, length: usize) {
        // SAFETY: by the contract above this is a boxed slice of ours.
        let mut bytes =
            unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, length)) };
        zeroize::Zeroize::zeroize(&mut bytes[..]);
    }

    /// Answer a request of `length` bytes; the answer's address in the upper, its length in the lower 32 bits.
    ///
    /// # Safety
    /// Pointer and length are those of a filled `hc_alloc`.
    #[unsafe(no_mangle)]
    pub(super) unsafe extern "C" fn hc_call(pointer: *const u8, length: usize) -> u64 {
        std::panic::set_hook(Box::new(|panic| {
            let message = panic.to_string();
            // SAFETY: pointer and length are those of a string that outlives the call.
            unsafe { hc_panic(message.as_ptr(), message.len()) };
        }));
        // SAFETY: by the contract above these bytes are readable.
        let request = unsafe { std::slice::from_raw_parts(pointer, length) };
        let answer = INSTANCE
            .with_borrow_mut(|instance| instance.call(request))
            .into_boxed_slice();
        let length = answer.len() as u64;
        (Box::into_raw(answer).cast::<u8>() as usize as u64) << 32 | length
    }
}
